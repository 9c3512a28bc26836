#include "store/connect.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "store/embedded_sql.h"

namespace hwlab::store {
namespace {

using namespace std::chrono_literals;

using bridge::RawConnection;

// libpq has no call for the SQLSTATE of a failed connect. Its verbose form has it between severity
// (which is translated) and message: "FATAL:  28P01: password authentication ...". No std::regex:
// see docs/decisions/0007-no-locale-facets-in-the-plugin.md.
struct Refusal {
  std::string sqlstate;
  std::string text;
};

bool is_sqlstate(std::string_view text) {
  return text.size() == 5 &&
         text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

Refusal refusal_of(PGconn* connection) {
  constexpr std::string_view before = ":  ";
  constexpr std::string_view after = ": ";
  const std::string_view all = PQerrorMessage(connection);
  for (auto at = all.find(before); at != std::string_view::npos; at = all.find(before, at + 1)) {
    const auto start = at + before.size();
    const auto state = all.substr(start, 5);
    const auto rest = all.substr(start + state.size());
    if (!is_sqlstate(state) || !rest.starts_with(after))
      continue;
    const auto line = all.rfind('\n', at) + 1;  // npos + 1 is 0
    const auto sentence = rest.substr(after.size());
    return {std::string(state), std::string(all.substr(line, start - line)) +
                                    std::string(sentence.substr(0, sentence.find('\n')))};
  }
  return {{}, std::string(all.substr(0, all.find('\n')))};
}

Error refused(PGconn* connection) {
  const auto [sqlstate, text] = refusal_of(connection);
  const std::string_view state = sqlstate;
  Kind kind = Kind::unavailable;
  if (state.starts_with("28") || state == "42501" || PQconnectionNeedsPassword(connection) != 0)
    kind = Kind::permission;
  else if (state == "3D000")
    kind = Kind::config;
  // libpq does not always have something to say of a connection that was lost.
  return {kind, text.empty() ? "the connection to the server was lost" : text, sqlstate};
}

RawConnection start(const ConnectionOptions& options) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  add("fallback_application_name", "hwlab-conversations");
  for (const auto& [keyword, value] : options)
    add(keyword.c_str(), value.c_str());
  // The last one counts. A client encoding from the environment or the DSN would corrupt what is
  // stored.
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  RawConnection connection(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (connection == nullptr)
    throw std::bad_alloc();
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  // By default libpq prints notices, and what ends an idle session, to stderr.
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  return connection;
}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

// libpq knows where to go by what the DSN says, its service file and the environment.
Route route_of(PGconn* connection) {
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfo(connection));
  if (options == nullptr)
    throw std::bad_alloc();
  Route route;
  const std::array<std::pair<std::string_view, std::string*>, 5> known = {
      {{"host", &route.host},
       {"hostaddr", &route.hostaddr},
       {"sslmode", &route.sslmode},
       {"channel_binding", &route.channel_binding},
       {"gssencmode", &route.gssencmode}}};
  for (const auto* option = options.get(); option->keyword != nullptr; ++option)
    for (const auto& [keyword, value] : known)
      if (keyword == option->keyword && option->val != nullptr)
        *value = option->val;
  return route;
}

// Whether the socket became ready; false when it is time to try this again. Throws Error when it is
// time to give up.
bool wait_for_socket(PGconn* connection, PostgresPollingStatusType wanted, Deadline deadline,
                     const std::atomic<bool>& stop) {
  if (stop.load(std::memory_order_relaxed))
    throw Error(Kind::stopped, "the store is being closed");
  if (deadline.passed())
    throw Error(Kind::unavailable, "the server did not answer in time");
  constexpr auto slice = 20ms;
  pollfd entry{.fd = PQsocket(connection),
               .events = static_cast<short>(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT),
               .revents = 0};
  const auto wait = std::min<std::chrono::milliseconds>(deadline.left(), slice);
  return ::poll(&entry, 1, static_cast<int>(wait.count())) > 0;
}

void check_encoding(PGconn* connection) {
  const char* const encoding = PQparameterStatus(connection, "server_encoding");
  if (encoding != nullptr && std::string_view(encoding) != "UTF8")
    throw Error(Kind::config, std::string("the database is encoded in ") + encoding +
                                  ", not in UTF8: create one with encoding 'UTF8'");
}

// Goes through what libpq and the server have to say to each other.
void finish(PGconn* connection, Deadline deadline, const std::atomic<bool>& stop) {
  PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
  while (wanted != PGRES_POLLING_OK) {
    if (!wait_for_socket(connection, wanted, deadline, stop))
      continue;
    wanted = PQconnectPoll(connection);
    if (wanted == PGRES_POLLING_FAILED)
      throw refused(connection);
  }
}

// Whatever becomes of it: a server that does not let us ends them by itself, later.
void end_lost(LostSessions& lost, PGconn* connection, Deadline deadline,
              const std::atomic<bool>& stop) {
  const auto all = lost.all();
  if (all.empty())
    return;
  const auto parameters = parameters_of(all, Deadline::Clock::now());
  const std::array<const char*, 3> values = {parameters.pids.c_str(), parameters.oldest.c_str(),
                                             parameters.youngest.c_str()};
  if (PQsendQueryParams(connection, std::string(sql::end_lost_sessions).c_str(),
                        static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr,
                        0) == 0)
    throw refused(connection);
  while (PQisBusy(connection) != 0)
    if (wait_for_socket(connection, PGRES_POLLING_READING, deadline, stop) &&
        PQconsumeInput(connection) == 0)
      throw refused(connection);
  while (PGresult* const result = PQgetResult(connection))
    PQclear(result);
  if (PQstatus(connection) == CONNECTION_BAD)
    throw refused(connection);
  lost.forget(all);
}

}  // namespace

void bridge::FinishConnection::operator()(PGconn* connection) const noexcept {
  PQfinish(connection);
}

std::unique_ptr<Session> connect(const ConnectionOptions& options, const PreparedFlag& prepared,
                                 Deadline deadline, const std::atomic<bool>& stop,
                                 const std::function<void(const Route&)>& on_route,
                                 std::shared_ptr<LostSessions> lost) {
  ServerProcess process;
  process.asked_for = Deadline::Clock::now();
  RawConnection connection = start(options);
  Route route = route_of(connection.get());
  if (on_route)
    on_route(route);
  if (PQstatus(connection.get()) == CONNECTION_BAD)
    throw refused(connection.get());

  const auto learn_process = [&] {
    process.pid = PQbackendPID(connection.get());
    process.answered = Deadline::Clock::now();
  };
  try {
    finish(connection.get(), deadline, stop);
    learn_process();
    check_encoding(connection.get());
    if (lost != nullptr)
      end_lost(*lost, connection.get(), deadline, stop);
  } catch (const Error&) {
    learn_process();
    // The server may go on with what was given up here.
    const auto status = PQstatus(connection.get());
    if (lost != nullptr && status != CONNECTION_BAD && status != CONNECTION_STARTED)
      lost->add(process);
    throw;
  }
  PQsetErrorVerbosity(connection.get(), PQERRORS_TERSE);
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  route.encrypted = PQsslInUse(connection.get()) != 0 || PQgssEncInUse(connection.get()) != 0;
  return std::make_unique<Session>(std::move(connection), prepared, std::move(route), process,
                                   std::move(lost));
}

}  // namespace hwlab::store
