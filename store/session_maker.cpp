#include "store/session_maker.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/error.h"
#include "store/hosts.h"
#include "store/lost_sessions.h"

namespace hwlab::store {
namespace {

constexpr int oldest_server = 13'00'00;

// What a session asks of its server in the startup packet, which costs no round trip. Besides
// these: that functions and operators are PostgreSQL's own, whatever others have planted where the
// database's search_path leads.
enum class Limits {
  both,               // statement_timeout, and client_connection_check_interval
  statement_timeout,  // of PostgreSQL 13, which does not know the other one
  none,               // of a pooler, whose sessions are not ours to set up
};

// While a statement runs the server looks this often whether its client is still there.
constexpr auto client_check = "2000";
// Between statements, and with an answer that nobody takes, it finds a client gone within a minute,
// not within hours. No meaning on a unix socket.
constexpr auto tcp_check =
    " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=60000";

ConnectionOptions with_limits(ConnectionOptions options, Limits limits,
                              std::chrono::milliseconds statement_timeout) {
  if (limits == Limits::none)
    return options;
  // All of our statements go by keys: to plan one anew for its values costs more than to run it.
  std::string ours =
      "-c search_path=pg_catalog,pg_temp -c plan_cache_mode=force_generic_plan"
      " -c statement_timeout=" +
      std::to_string(statement_timeout.count()) + tcp_check;
  if (limits == Limits::both)
    ours += std::string(" -c client_connection_check_interval=") + client_check;
  const auto theirs = std::find_if(options.begin(), options.end(),
                                   [](const auto& option) { return option.first == "options"; });
  if (theirs != options.end())
    theirs->second = ours + " " + theirs->second;  // the later one counts: the operator's
  else
    options.emplace_back("options", ours);
  return options;
}

// What two hosts said. Waiting helps as long as it may help with one of them.
Error both(const Error& first, const Error& second) {
  const Error& milder = first.kind() == Kind::unavailable ? first : second;
  return {milder.kind(), std::string(first.what()) + "; " + second.what(), milder.sqlstate()};
}

}  // namespace

struct SessionMaker::Learned {
  std::mutex mutex;
  std::string last_good;  // a target's name
  Limits limits = Limits::both;
  std::string warned;  // of a route, with this sentence
  const std::shared_ptr<LostSessions> lost = std::make_shared<LostSessions>();
};

SessionMaker::SessionMaker(ConnectionSource source, bool prepare_statements,
                           std::chrono::milliseconds statement_timeout, Log log)
    : source_(std::move(source)),
      prepared_(std::make_shared<std::atomic<bool>>(prepare_statements)),
      statement_timeout_(statement_timeout),
      log_(std::move(log)),
      learned_(std::make_shared<Learned>()) {}

std::unique_ptr<Session> SessionMaker::operator()(Deadline deadline,
                                                  const std::atomic<bool>& stop) const {
  std::vector<Target> targets = targets_of(source_());
  {
    const std::lock_guard lock(learned_->mutex);
    std::stable_partition(targets.begin(), targets.end(), [this](const Target& target) {
      return target.name == learned_->last_good;
    });
  }
  std::optional<Error> failure;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto share = deadline.left() / static_cast<int>(targets.size() - i);
    try {
      auto session = open(targets[i].options, deadline.or_earlier(share), stop);
      const std::lock_guard lock(learned_->mutex);
      learned_->last_good = targets[i].name;
      return session;
    } catch (const Error& error) {
      if (error.kind() == Kind::stopped)
        throw;
      failure = failure ? both(*failure, error) : error;
    }
  }
  throw Error(failure.value());
}

// Says it once, not for each connection, and again when the DSN has become another one.
void SessionMaker::judge(const Route& route) const {
  const std::string warning = warning_about(route).value_or("");
  if (warning.empty())
    return;
  {
    const std::lock_guard lock(learned_->mutex);
    if (learned_->warned == warning)
      return;
    learned_->warned = warning;
  }
  log_(Severity::warning, warning);
}

std::unique_ptr<Session> SessionMaker::open(const ConnectionOptions& options, Deadline deadline,
                                            const std::atomic<bool>& stop) const {
  for (;;) {
    Limits limits{};
    {
      const std::lock_guard lock(learned_->mutex);
      limits = learned_->limits;
    }
    try {
      auto session = connect(
          with_limits(options, limits, statement_timeout_), prepared_, deadline, stop,
          [this](const Route& route) { judge(route); },
          limits == Limits::none ? nullptr : learned_->lost);
      if (session->server_version() < oldest_server)
        throw Error(Kind::config, "the server is older than PostgreSQL 13: upgrade it");
      return session;
    } catch (const Error& error) {
      // 42704: an unknown parameter, 22023: one that this platform does not have. 08P01: PgBouncer
      // takes no startup options.
      const bool is_unknown =
          (error.sqlstate() == "42704" || error.sqlstate() == "22023") && limits == Limits::both;
      const bool is_pooler = error.sqlstate() == "08P01" && limits != Limits::none;
      if (!is_unknown && !is_pooler)
        throw;
      const std::lock_guard lock(learned_->mutex);
      learned_->limits = is_unknown ? Limits::statement_timeout : Limits::none;
    }
  }
}

}  // namespace hwlab::store
