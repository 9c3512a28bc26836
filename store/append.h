// Storing messages, once.
#pragma once

#include "store/append_queue.h"
#include "store/deadline.h"
#include "store/model.h"
#include "store/pool.h"

namespace hwlab::store {

// Appends the messages of one unit, all or none, and returns when they are committed. When a
// connection breaks after sending, finds out by id what became of them, and sends them again, until
// that is settled or the deadline has passed. Throws Error: not_found, conflict, invalid, timeout
// (with maybe_applied when a statement was sent and its outcome is unknown), unavailable,
// overloaded, ...
Appended append(Pool& pool, AppendQueue& queue, const Append& unit, Deadline deadline);

}  // namespace hwlab::store
