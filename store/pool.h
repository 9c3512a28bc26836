// A bounded set of sessions that calls borrow.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/deadline.h"
#include "store/error.h"
#include "store/log.h"
#include "store/session.h"
#include "store/watchdog.h"
#include "store/worker.h"

namespace hwlab::store {

struct PoolOptions {
  int max = 4;  // sessions, those being opened included
  int min = 1;  // kept open while idle
  std::chrono::milliseconds idle_timeout{600'000};
  std::chrono::milliseconds max_lifetime{1'800'000};  // shortened by up to a tenth at random
  std::chrono::milliseconds connect_timeout{5'000};
};

// Callers never connect: one thread, the connector, fills the pool, one attempt at a time, and
// callers wait for it until their own deadlines. So a server that does not answer costs one
// attempt, not one for each caller. [any thread]
class Pool {
 public:
  // Opens one session, or throws Error. Called by the connector only. It must notice `stop` soon,
  // and it owns what it uses: while a name is being resolved it may outlive the pool.
  using Connector =
      std::function<std::unique_ptr<Session>(Deadline deadline, const std::atomic<bool>& stop)>;

  Pool(PoolOptions options, Connector connector, Log log);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  class Lease;
  enum class Patience { until_deadline, one_attempt };
  // Borrows a session that was alive a moment ago. Throws Error: unavailable when there is none by
  // the deadline (or after one failed attempt to connect), permission or config at once when the
  // server refuses for a reason that waiting does not cure, stopped.
  Lease lease(Deadline deadline, Patience patience = Patience::until_deadline);

  // For a call whose deadline has passed while it waited for its turn.
  [[nodiscard]] Error why_not_in_time() const;

  // Waits, at most until the deadline. Throws Error: stopped.
  void pause(std::chrono::milliseconds duration, Deadline deadline);

  // Ends all waiting and cuts every session in use; returns soon.
  void stop();

  struct Gauges {
    int idle = 0;
    int leased = 0;
    int waiting = 0;
  };
  [[nodiscard]] Gauges gauges() const;

 private:
  struct Idle;
  struct Shared;  // owned by the connector's thread and the canceller's too
  Idle take(Deadline deadline, Patience patience);
  bool answers(Session& session, Deadline deadline);

  std::shared_ptr<Shared> shared_;
  Watchdog watchdog_;
  Worker connector_;
  Worker canceller_;
};

// A borrowed session, watched until the call's deadline; it goes back to the pool by itself.
class Pool::Lease {
 public:
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  Session* operator->() const noexcept { return session_.get(); }
  Session& operator*() const noexcept { return *session_; }

  // The session is not to be used again: something may have left it mid-protocol.
  void discard() noexcept { discarded_ = true; }

 private:
  friend class Pool;
  Lease(std::shared_ptr<Shared> shared, std::unique_ptr<Session> session, Watchdog::Guard guard);

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Session> session_;
  Watchdog::Guard guard_;
  bool discarded_ = false;
};

}  // namespace hwlab::store
