// Repeating what can be repeated, until the deadline.
#pragma once

#include <chrono>

#include "store/backoff.h"
#include "store/deadline.h"
#include "store/error.h"
#include "store/pool.h"
#include "store/session.h"

namespace hwlab::store {

inline constexpr std::chrono::milliseconds first_pause_between_attempts{5};
inline constexpr std::chrono::milliseconds longest_pause_between_attempts{250};

// Runs `work(Session&)` until it returns, on another session when the last one was lost. Only for
// work that may be done twice: reads, and writes that find their own first attempt. Throws Error.
template <typename Work>
auto repeat_until(Deadline deadline, Pool& pool, Work work) {
  Backoff backoff(first_pause_between_attempts, longest_pause_between_attempts);
  for (;;) {
    {
      Pool::Lease session = pool.lease(deadline);
      try {
        return work(*session);
      } catch (const StatementFailed& failure) {
        if (!failure.judgement().keeps_connection())
          session.discard();
        if (failure.judgement().next == Next::fail || failure.judgement().next == Next::collided)
          throw failure.to_error();
        if (deadline.passed())
          throw Error(Kind::timeout, "the server did not answer by the deadline",
                      failure.sqlstate());
      } catch (...) {
        session.discard();
        throw;
      }
    }
    pool.pause(backoff.next(), deadline);
  }
}

}  // namespace hwlab::store
