// Repeating what can be repeated, until the deadline.
#pragma once

#include <chrono>
#include <optional>

#include "store/backoff.h"
#include "store/deadline.h"
#include "store/error.h"
#include "store/pool.h"
#include "store/session.h"

namespace hwlab::store {

// The attempts of one call: the pauses between them, and what to say when the time is up.
class Attempts {
 public:
  Attempts(Pool& pool, Deadline deadline) : pool_(pool), deadline_(deadline) {}

  // Throws Error when no session is to be had.
  Pool::Lease lease() { return pool_.lease(deadline_); }

  // Keeps what an attempt came to. A connection that was lost at the deadline was cut by our own
  // watchdog.
  void note(const StatementFailed& failure) {
    if (failure.judgement().next == Next::look_up && deadline_.passed())
      last_ = Error(Kind::timeout, "the server did not answer by the deadline");
    else
      last_ = failure.to_error();
  }
  void note(const Error& failure) { last_ = failure; }

  // Waits before the next attempt. Throws Error: what the last attempt came to, when there is no
  // time for another.
  void pause() {
    pool_.pause(backoff_.next(), deadline_);
    if (deadline_.passed())
      throw Error(last_.value_or(Error(Kind::timeout, "the deadline has passed")));
  }

 private:
  Pool& pool_;
  const Deadline deadline_;
  Backoff backoff_{std::chrono::milliseconds(5), std::chrono::milliseconds(250)};
  std::optional<Error> last_;
};

// Runs `work(Session&)` until it returns, on another session when the last one was lost. Only for
// work that may be done twice. Throws Error.
template <typename Work>
auto repeat_until(Deadline deadline, Pool& pool, Work work) {
  Attempts attempts(pool, deadline);
  for (;;) {
    {
      Pool::Lease session = attempts.lease();
      try {
        return work(*session);
      } catch (const StatementFailed& failure) {
        if (!failure.judgement().keeps_connection())
          session.discard();
        if (failure.judgement().next == Next::fail || failure.judgement().next == Next::collided)
          throw failure.to_error();
        attempts.note(failure);
      } catch (const Error&) {
        throw;  // of our own making, between two statements
      } catch (...) {
        session.discard();
        throw;
      }
    }
    attempts.pause();
  }
}

}  // namespace hwlab::store
