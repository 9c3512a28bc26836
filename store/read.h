// Reading conversations back.
#pragma once

#include <cstdint>
#include <optional>

#include "store/cursor.h"
#include "store/deadline.h"
#include "store/model.h"
#include "store/pool.h"
#include "store/statements.h"

namespace hwlab::store {

// A conversation and the wanted part of its messages, in one round trip and as they stood at one
// moment. Throws Error: not_found, ...
Thread read_thread(Pool& pool, const Statements& statements, const Uuid& conversation,
                   const ThreadRange& range, Deadline deadline);

// A page of conversations, newest first, behind `after` when that is given. One range of one index,
// whatever there is.
Listing list(Pool& pool, const Statements& statements, Order order,
             const std::optional<Cursor>& after, std::uint32_t limit, Deadline deadline);

}  // namespace hwlab::store
