#include "config/units.h"

#include <algorithm>
#include <array>
#include <limits>

namespace hwlab::config {
namespace {

constexpr std::array<Unit, 4> durations{{
    {"h", 3'600'000, " h hr hrs hour hours "},
    {"m", 60'000, " m min mins minute minutes "},
    {"s", 1'000, " s sec secs second seconds "},
    {"ms", 1, " ms msec msecs millisecond milliseconds "},
}};

constexpr std::array<Unit, 4> sizes{{
    {"GiB", std::int64_t{1} << 30, " g gb gib gbyte gigabyte gigabytes "},
    {"MiB", std::int64_t{1} << 20, " m mb mib mbyte megabyte megabytes "},
    {"KiB", std::int64_t{1} << 10, " k kb kib kbyte kilobyte kilobytes "},
    {"B", 1, " b byte bytes "},
}};

constexpr auto largest = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view leading_digits(std::string_view text) {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// " SEC" becomes " sec ", to be looked up among misspellings.
std::string as_word(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::string word = " ";
  for (const char c : text)
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word + ' ';
}

}  // namespace

std::span<const Unit> duration_units() {
  return durations;
}
std::span<const Unit> size_units() {
  return sizes;
}

std::string format_amount(std::int64_t amount, std::span<const Unit> units) {
  for (const auto& unit : units) {
    if (amount != 0 && amount % unit.factor == 0)
      return std::to_string(amount / unit.factor) + std::string(unit.name);
  }
  return "0" + std::string(units.back().name);
}

std::optional<std::int64_t> read_count(std::string_view text) {
  if (text.empty() || leading_digits(text) != text || (text.size() > 1 && text[0] == '0'))
    return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text) {
    if (number > (largest - 9) / 10)
      return largest;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<std::int64_t> read_amount(std::string_view text, std::span<const Unit> units) {
  const auto digits = leading_digits(text);
  const auto number = read_count(digits);
  if (!number)
    return std::nullopt;
  const auto name = text.substr(digits.size());
  if (name.empty())
    return *number == 0 ? number : std::nullopt;
  const auto unit = std::ranges::find(units, name, &Unit::name);
  if (unit == units.end())
    return std::nullopt;
  return *number > largest / unit->factor ? largest : *number * unit->factor;
}

std::string suggest_amount(std::string_view text, std::span<const Unit> units) {
  const auto digits = leading_digits(text);
  if (digits.size() > 9 || !read_count(digits))
    return {};
  const auto word = as_word(text.substr(digits.size()));
  for (const auto& unit : units) {
    if (word.size() > 2 && unit.misspellings.find(word) != std::string_view::npos)
      return std::string(digits) + std::string(unit.name);
  }
  return {};
}

}  // namespace hwlab::config
