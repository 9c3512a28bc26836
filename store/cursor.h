// Where a listing goes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/model.h"

namespace hwlab::store {

// The sort key of the last conversation of a page. As a text it is opaque to callers, and checked
// when it comes back.
struct Cursor {
  Order order;
  Micros at;  // started_at or active_at, by order
  Uuid id;
};

std::string to_text(const Cursor& cursor);
// Nothing for a text that to_text has not made.
std::optional<Cursor> parse_cursor(std::string_view text);

}  // namespace hwlab::store
