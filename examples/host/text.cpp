#include "text.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <limits>
#include <utility>

namespace hwlab::cli {
namespace {

// The bytes of the UTF-8 character at the front of `text`; 0 when there is none (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t character_size(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = at(0);
  if (lead < 0x80) {
    return 1;
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) {
    return 0;
  }
  const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < lowest || at(1) > highest) {
    return 0;
  }
  for (std::size_t i = 2; i < size; ++i) {
    if (at(i) < 0x80 || at(i) > 0xBF) {
      return 0;
    }
  }
  return size;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7F ||
         (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out += "\\x";
    out += digits[value >> 4U];
    out += digits[value & 0xFU];
  }
}

}  // namespace

std::string format_time(host::Time time) {
  // In plain numbers: std::chrono::floor overflows at the very ends of the range.
  constexpr std::int64_t second = 1'000'000;
  const std::int64_t since_epoch = time.time_since_epoch().count();
  const auto micros = ((since_epoch % second) + second) % second;
  const std::time_t clock = since_epoch / second - (since_epoch % second < 0 ? 1 : 0);
  std::tm parts{};
  if (::gmtime_r(&clock, &parts) == nullptr) {
    return "(a time that no calendar has)";
  }
  std::array<char, 64> text{};
  const auto size =
      std::snprintf(text.data(), text.size(), "%04lld-%02d-%02dT%02d:%02d:%02d.%06lldZ",
                    static_cast<long long>(parts.tm_year) + 1900, parts.tm_mon + 1, parts.tm_mday,
                    parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<long long>(micros));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
  constexpr std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || number <= 0) {
    return std::nullopt;
  }
  const std::string_view given(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [unit, milliseconds] : units) {
    if (given == unit && number <= longest / milliseconds) {
      return std::chrono::milliseconds(number * milliseconds);
    }
  }
  return std::nullopt;
}

std::string escape_for_terminal(std::string_view text, Lines lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto size = character_size(text);
    const auto character = text.substr(0, size != 0 ? size : 1);
    const bool layout = lines == Lines::many && (character == "\n" || character == "\t");
    if (size == 0 || (is_control(character) && !layout)) {
      append_hex(out, character);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace hwlab::cli
