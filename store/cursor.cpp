#include "store/cursor.h"

#include <charconv>

namespace hwlab::store {
namespace {

// "s." or "a.", the time in decimal, ".", the id.
constexpr std::size_t id_size = 36;
constexpr std::size_t head_size = 2;

}  // namespace

std::string to_text(const Cursor& cursor) {
  return std::string(cursor.order == Order::started ? "s." : "a.") + std::to_string(cursor.at) +
         "." + to_text(cursor.id);
}

std::optional<Cursor> parse_cursor(std::string_view text) {
  if (text.size() < head_size + 1 + 1 + id_size)
    return std::nullopt;
  const std::string_view head = text.substr(0, head_size);
  const std::string_view time = text.substr(head_size, text.size() - head_size - 1 - id_size);
  const auto id = parse_uuid(text.substr(text.size() - id_size));
  Cursor cursor{.order = head == "s." ? Order::started : Order::active, .at = 0, .id = {}};
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), cursor.at);
  if ((head != "s." && head != "a.") || error != std::errc{} || end != time.data() + time.size() ||
      !id)
    return std::nullopt;
  cursor.id = *id;
  // One text for one cursor: no leading zeros, no capitals, and the dot in its place.
  if (to_text(cursor) != text)
    return std::nullopt;
  return cursor;
}

}  // namespace hwlab::store
