#include "store/pool.h"

#include <algorithm>
#include <new>
#include <random>
#include <string>
#include <utility>

#include "store/backoff.h"
#include "store/cancel.h"

namespace hwlab::store {
namespace {

using namespace std::chrono_literals;
using Clock = Deadline::Clock;

// A session that was used a moment ago is taken to be alive; one that was idle for longer is asked
// first.
constexpr auto trusted_for = 1s;
constexpr auto first_pause = 10ms;
constexpr auto longest_pause = 250ms;
// With nobody waiting there is no hurry to find the server back.
constexpr auto unhurried_pause = 5s;
// Every step of connecting but one notices a stop within 20 ms.
constexpr auto connect_step_patience = 60ms;

bool waiting_cures(const Error& error) {
  return error.kind() != Kind::permission && error.kind() != Kind::config;
}

}  // namespace

struct Pool::Idle {
  std::unique_ptr<Session> session;
  Clock::time_point since;
};

struct Pool::Shared {
  Shared(PoolOptions pool_options, Connector connector, Log log_to)
      : options(pool_options),
        connect(std::move(connector)),
        log(std::move(log_to)),
        cancels(4 * static_cast<std::size_t>(pool_options.max)) {
    // No allocation later, where a failed one would end the process.
    idle.reserve(static_cast<std::size_t>(options.max));
    expiry.reserve(static_cast<std::size_t>(options.max));
  }

  const PoolOptions options;
  const Connector connect;
  const Log log;

  CancelQueue cancels;
  mutable std::mutex mutex;
  std::condition_variable for_callers;
  std::condition_variable for_pauses;  // apart: a session that comes back wakes one waiting caller
  std::condition_variable for_connector;
  std::vector<Idle>
      idle;  // the one used last at the end: it is taken first, and the others may grow old
  std::vector<std::pair<const Session*, Clock::time_point>> expiry;  // of every open session
  Clock::time_point looks_again_at = Clock::time_point::max();       // the connector, at idle ones
  int leased = 0;
  int connecting = 0;
  int closing = 0;
  int waiting = 0;
  std::uint64_t failures = 0;
  std::optional<Error> last_failure;
  // Not thread_local: without memory for a thread's copy the C library ends the process.
  std::optional<std::minstd_rand> random;
  std::atomic<bool> stopping = false;

  [[nodiscard]] int total() const {
    return static_cast<int>(idle.size()) + leased + connecting + closing;
  }
  [[nodiscard]] bool wants_session() const {
    return total() < options.max &&
           (waiting > static_cast<int>(idle.size()) + connecting || total() < options.min);
  }
  [[nodiscard]] Clock::time_point expiry_of(const Session* session) const {
    for (const auto& [known, at] : expiry)
      if (known == session)
        return at;
    return Clock::time_point::min();
  }
  void forget(const Session* session) {
    std::erase_if(expiry, [session](const auto& entry) { return entry.first == session; });
  }

  void add(std::unique_ptr<Session> session);
  void give_back(std::unique_ptr<Session> session, bool usable);
  std::vector<Idle> take_outdated();
  Clock::time_point next_outdated() const;
  void run_connector();
  void serve(std::unique_lock<std::mutex>& lock, Backoff& backoff);
  void attempt(std::unique_lock<std::mutex>& lock, Backoff& backoff);
  [[nodiscard]] Error why_none(bool failed_meanwhile, Patience patience) const;
};

void Pool::Shared::add(std::unique_ptr<Session> session) {
  if (!random)
    random.emplace(std::random_device{}());
  const auto tenth = options.max_lifetime.count() / 10;
  const std::chrono::milliseconds jitter(
      std::uniform_int_distribution<std::chrono::milliseconds::rep>(0, tenth)(*random));
  const auto now = Clock::now();
  expiry.emplace_back(session.get(), now + options.max_lifetime - jitter);
  idle.push_back({std::move(session), now});
}

void Pool::Shared::give_back(std::unique_ptr<Session> session, bool usable) {
  if (!usable)
    cancels.add(session->take_cancel());
  std::unique_lock lock(mutex);
  --leased;
  const auto now = Clock::now();
  if (usable && !stopping && session->is_open() && expiry_of(session.get()) > now) {
    idle.push_back({std::move(session), now});
    for_callers.notify_one();
    if (next_outdated() < looks_again_at)
      for_connector.notify_one();
    return;
  }
  forget(session.get());
  ++closing;  // it counts until the server has been told
  lock.unlock();
  session.reset();
  lock.lock();
  --closing;
  for_connector.notify_one();
}

// Those that were idle for too long, beyond the least number to be kept, and those that have lived
// too long.
auto Pool::Shared::take_outdated() -> std::vector<Idle> {
  const auto now = Clock::now();
  std::vector<Idle> outdated;
  int open = static_cast<int>(idle.size()) + leased;
  const auto is_outdated = [&](const Idle& entry) {
    return expiry_of(entry.session.get()) <= now ||
           (open > options.min && entry.since + options.idle_timeout <= now);
  };
  for (auto entry = idle.begin(); entry != idle.end();) {
    if (!is_outdated(*entry)) {
      ++entry;
      continue;
    }
    --open;
    forget(entry->session.get());
    outdated.push_back(std::move(*entry));
    entry = idle.erase(entry);
  }
  return outdated;
}

Clock::time_point Pool::Shared::next_outdated() const {
  auto next = Clock::time_point::max();
  const bool may_shrink = static_cast<int>(idle.size()) + leased > options.min;
  for (const Idle& entry : idle) {
    next = std::min(next, expiry_of(entry.session.get()));
    if (may_shrink)
      next = std::min(next, entry.since + options.idle_timeout);
  }
  return next;
}

void Pool::Shared::run_connector() {
  Backoff backoff(first_pause, longest_pause);
  std::unique_lock lock(mutex);
  while (!stopping) {
    try {
      serve(lock, backoff);
    } catch (const std::exception&) {
      // No memory. There may be some in a moment.
      if (!lock.owns_lock())
        lock.lock();
      for_connector.wait_for(lock, longest_pause);
    }
  }
}

// One thing that is to be done, or a wait until there is one.
void Pool::Shared::serve(std::unique_lock<std::mutex>& lock, Backoff& backoff) {
  if (auto outdated = take_outdated(); !outdated.empty()) {
    const int count = static_cast<int>(outdated.size());
    closing += count;
    lock.unlock();
    outdated.clear();
    lock.lock();
    closing -= count;
  } else if (wants_session()) {
    attempt(lock, backoff);
  } else {
    looks_again_at = next_outdated();
    for_connector.wait_until(lock, looks_again_at);
  }
}

void Pool::Shared::attempt(std::unique_lock<std::mutex>& lock, Backoff& backoff) {
  std::unique_ptr<Session> session;
  std::optional<Error> failure;
  {
    // Also when there is no memory for the error.
    const auto as_before = [&lock, this](void*) {
      lock.lock();
      --connecting;
    };
    ++connecting;
    lock.unlock();
    const std::unique_ptr<void, decltype(as_before)> attempt(this, as_before);
    try {
      session = connect(Deadline::in(options.connect_timeout), stopping);
    } catch (const Error& error) {
      failure = error;
    } catch (const std::bad_alloc&) {
      failure = Error(Kind::unavailable, "there is not enough memory for a connection");
    } catch (const std::exception&) {
      failure = Error(Kind::internal, "a session could not be set up");
    }
  }
  // Once for each reason, not once for each attempt.
  const bool news = failure && !stopping &&
                    (!last_failure || std::string_view(last_failure->what()) != failure->what());
  if (!failure) {
    add(std::move(session));
    last_failure.reset();
    backoff.reset();
    for_callers.notify_one();
    return;
  }
  ++failures;
  last_failure = failure;
  for_callers.notify_all();
  const auto hurried = Clock::now() + backoff.next();
  if (news) {
    lock.unlock();
    log(Severity::warning, std::string("cannot connect: ") + failure->what());
    lock.lock();
  }
  for_connector.wait_until(lock, hurried, [this] { return stopping.load(); });
  for_connector.wait_until(lock, hurried + unhurried_pause,
                           [this] { return stopping.load() || waiting > 0; });
}

Pool::Pool(PoolOptions options, Connector connector, Log log)
    : shared_(std::make_shared<Shared>(options, std::move(connector), std::move(log))),
      connector_([shared = shared_] { shared->run_connector(); }) {
  try {
    canceller_ = Worker([shared = shared_] { shared->cancels.run(); });
  } catch (...) {
    stop();  // or the connector would be waited for, for ever
    throw;
  }
}

Pool::~Pool() {
  stop();
}

void Pool::stop() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->for_callers.notify_all();
    shared_->for_pauses.notify_all();
    shared_->for_connector.notify_all();
  }
  watchdog_.cut_all();
  shared_->cancels.stop();
  // Only the resolution of a host name, and a server that is silent to a cancel request, can take
  // longer. They end by themselves, and touch nothing but what they own.
  const auto patience = Deadline::in(connect_step_patience);
  for (Worker* const worker : {&connector_, &canceller_})
    if (!worker->join_within(patience.left()))
      worker->leave();
  std::vector<Idle> idle;
  const std::lock_guard lock(shared_->mutex);
  idle.swap(shared_->idle);
}

Pool::Idle Pool::take(Deadline deadline, Patience patience) {
  Shared& shared = *shared_;
  std::unique_lock lock(shared.mutex);
  const auto failures_before = shared.failures;
  const auto settled = [&] {
    return shared.stopping || !shared.idle.empty() ||
           (shared.failures != failures_before && shared.last_failure &&
            (patience == Patience::one_attempt || !waiting_cures(*shared.last_failure)));
  };
  if (!settled()) {
    ++shared.waiting;
    shared.for_connector.notify_one();
    shared.for_callers.wait_until(lock, deadline.at(), settled);
    --shared.waiting;
  }
  if (shared.stopping)
    throw Error(Kind::stopped, "the store is being closed");
  if (!shared.idle.empty() && deadline.passed()) {
    shared.for_callers.notify_one();  // for somebody who has time
    throw Error(Kind::timeout, "the deadline passed before anything was sent");
  }
  if (shared.idle.empty())
    throw shared.why_none(shared.failures != failures_before, patience);
  Idle taken = std::move(shared.idle.back());
  shared.idle.pop_back();
  ++shared.leased;
  return taken;
}

Error Pool::Shared::why_none(bool failed_meanwhile, Patience patience) const {
  const bool is_final = failed_meanwhile && last_failure &&
                        (patience == Patience::one_attempt || !waiting_cures(*last_failure));
  if (is_final)
    return {last_failure->kind(),
            std::string("cannot connect to the server: ") + last_failure->what(),
            last_failure->sqlstate()};
  if (last_failure)
    return {Kind::unavailable,
            std::string("no connection to the server by the deadline: ") + last_failure->what()};
  if (leased >= options.max)
    return {Kind::unavailable, "every connection of the pool was in use until the deadline"};
  return {Kind::unavailable, "no connection to the server by the deadline"};
}

Error Pool::why_not_in_time() const {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->last_failure)
    return shared_->why_none(false, Patience::until_deadline);
  return {Kind::timeout, "the deadline passed before anything was sent"};
}

void Pool::pause(std::chrono::milliseconds duration, Deadline deadline) {
  Shared& shared = *shared_;
  std::unique_lock lock(shared.mutex);
  shared.for_pauses.wait_until(lock, deadline.or_earlier(duration).at(),
                               [&shared] { return shared.stopping.load(); });
  if (shared.stopping)
    throw Error(Kind::stopped, "the store is being closed");
}

Pool::Lease Pool::lease(Deadline deadline, Patience patience) {
  for (;;) {
    Idle taken = take(deadline, patience);
    const bool trusted = Clock::now() - taken.since < trusted_for;
    Lease lease(shared_, std::move(taken.session), {});
    // Where sessions are ended by the dozen (a restart, a failover), a pool full of dead ones would
    // cost a failed attempt each, and a pause after it in which the next ones die.
    const Session::Line line = lease->listen();
    const bool alive = line == Session::Line::quiet
                           ? trusted || answers(*lease, deadline)
                           : line == Session::Line::talking && answers(*lease, deadline);
    if (alive) {
      lease.guard_ = watchdog_.watch(*lease, deadline);
      return lease;
    }
    lease.discard();
  }
}

// Whether the session still answers. Not for as long as the caller has time: a server that went
// silent has left its sessions behind, and a new one may be had elsewhere.
bool Pool::answers(Session& session, Deadline deadline) {
  const auto patience = std::clamp<std::chrono::milliseconds>(deadline.left() / 4, 20ms, 500ms);
  const Watchdog::Guard guard = watchdog_.watch(session, deadline.or_earlier(patience));
  try {
    session.run_text("select 1");
    return true;
  } catch (const StatementFailed&) {
    return false;
  }
}

Pool::Gauges Pool::gauges() const {
  const std::lock_guard lock(shared_->mutex);
  return {.idle = static_cast<int>(shared_->idle.size()),
          .leased = shared_->leased,
          .waiting = shared_->waiting};
}

Pool::Lease::Lease(std::shared_ptr<Shared> shared, std::unique_ptr<Session> session,
                   Watchdog::Guard guard)
    : shared_(std::move(shared)), session_(std::move(session)), guard_(std::move(guard)) {}

Pool::Lease::~Lease() {
  if (session_ == nullptr)
    return;  // moved from
  guard_.release();
  shared_->give_back(std::move(session_), !discarded_);
}

}  // namespace hwlab::store
