// Amounts with units, as they stand in YAML: 10s, 250ms, 16MiB.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hwlab::config {

struct Unit {
  std::string_view name;
  std::int64_t factor;            // base units (milliseconds, bytes) in one
  std::string_view misspellings;  // words between spaces, in lower case
};

// From the largest to the smallest.
std::span<const Unit> duration_units();
std::span<const Unit> size_units();

// The amount in the largest unit that divides it: 600000 ms is 10m.
std::string format_amount(std::int64_t amount, std::span<const Unit> units);

// A whole number in decimal, without sign, separators or leading zeros (which other YAML readers
// take for octal); nothing for any other text. What is too large becomes the largest number there
// is.
std::optional<std::int64_t> read_count(std::string_view text);

// A count and, directly behind it, a unit; or 0 alone. In base units.
std::optional<std::int64_t> read_amount(std::string_view text, std::span<const Unit> units);

// What was probably meant by a text that read_amount refuses ("10 sec": "10s"), or an empty text.
// A number without a unit gives an empty text: guessing the unit would be guessing the value.
std::string suggest_amount(std::string_view text, std::span<const Unit> units);

}  // namespace hwlab::config
