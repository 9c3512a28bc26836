// The cursor of a listing, and the ids in it: what is read is written the same.
#include "store/cursor.h"

#include <algorithm>

#include "tests/fuzz/target.h"

namespace {

using namespace hwlab;
using fuzz::claim;

void read_and_write(std::string_view text) {
  if (const auto cursor = store::parse_cursor(text))
    claim(store::to_text(*cursor) == text, "a cursor that is read is written the same");
  if (const auto id = store::parse_uuid(text)) {
    std::string lower(text);
    for (char& c : lower)
      c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    claim(store::to_text(*id) == lower, "an id that is read is written the same, in lower case");
  }
}

void write_and_read(fuzz::Input input) {
  store::Cursor cursor{
      .order = input.number<std::uint8_t>() % 2 == 0 ? store::Order::started : store::Order::active,
      .at = input.number<store::Micros>(),
      .id = {}};
  for (auto& byte : cursor.id)
    byte = input.number<std::uint8_t>();
  const auto text = store::to_text(cursor);
  const auto read = store::parse_cursor(text);
  claim(read.has_value(), "a cursor that is written can be read");
  claim(read->order == cursor.order && read->at == cursor.at && read->id == cursor.id,
        "and is the same");
  claim(text.size() <= 256 && fuzz::is_printable_ascii(text), "and is short, plain text");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  read_and_write(input.rest());
  write_and_read(input);
  return 0;
}
