#include "store/append.h"

#include <utility>

#include "store/attempts.h"
#include "store/error.h"

namespace hwlab::store {
namespace {

// Tries until it is settled. `in_doubt`: some attempt's outcome is unknown.
Appended append_until(Attempts& attempts, AppendQueue& queue, const Append& unit, Deadline deadline,
                      bool& in_doubt) {
  using Outcome = AttemptResult::Outcome;
  const auto entry = AppendQueue::enter(unit, deadline);
  for (;;) {
    AttemptResult result = queue.attempt(entry);
    switch (result.outcome) {
      case Outcome::stored:
        // Found after an attempt of this call: most likely that one.
        result.appended.existed = result.appended.existed && !in_doubt;
        return std::move(result.appended);
      case Outcome::refused:
        throw Error(*result.error);
      case Outcome::unknown:
        in_doubt = true;
        break;
      case Outcome::not_sent:
        break;
    }
    if (result.error)
      attempts.note(*result.error);
    attempts.pause();
  }
}

}  // namespace

Appended append(Pool& pool, AppendQueue& queue, const Append& unit, Deadline deadline) {
  bool in_doubt = false;
  Attempts attempts(pool, deadline);
  try {
    return append_until(attempts, queue, unit, deadline, in_doubt);
  } catch (const Error& error) {
    // What the database holds settles it; anything else leaves it open.
    if (!in_doubt || error.kind() == Kind::not_found || error.kind() == Kind::conflict)
      throw;
    throw Error::unknown_outcome(error);
  } catch (const std::exception&) {
    if (!in_doubt)
      throw;
    throw Error::unknown_outcome({Kind::internal, "the answer could not be read"});
  }
}

}  // namespace hwlab::store
