// Makes conversations agree with their messages again.
#pragma once

#include <cstdint>
#include <string>

#include "store/deadline.h"
#include "store/pool.h"

namespace hwlab::store {

struct Repaired {
  std::int64_t examined = 0;  // conversations
  std::int64_t mended = 0;    // of those, whose counters or numbers were wrong
};

// Looks at every conversation while others write, and mends those whose last_seq, message_count or
// active_at are not what their messages say, or that have messages without seq: these come behind
// the numbered ones, by created_at and id. A last_seq above the last message's seq is right: it
// never falls, so that no seq is given twice.
//
// Reads some conversations at a time; writes to, and locks, one at a time and only if something is
// wrong with it. The schema must be up to date. Repeating it is harmless. Throws Error: timeout
// when the deadline passes before the end (what was mended stays mended), permission, unavailable,
// stopped. [any thread]
Repaired repair(Pool& pool, const std::string& schema_name, Deadline deadline);

}  // namespace hwlab::store
