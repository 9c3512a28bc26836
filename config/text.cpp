#include "config/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace hwlab::config {
namespace {

constexpr std::size_t longest_shown = 40;  // bytes
constexpr std::size_t longest_word = 64;   // a longer one is no near miss of any key

// The size of the character at the start of a text that is not empty, or 0 when it is invalid.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2 || lead > 0xF4)
    return 0;
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size)
    return 0;
  // Overlong forms, surrogates and what lies above U+10FFFF are told by the second byte.
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high)
    return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF)
      return 0;
  }
  return size;
}

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Optimal string alignment distance.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto size = character_size(text.substr(at));
    if (size == 0)
      break;
    at += size;
  }
  return at;
}

bool is_control(char c) {
  return (c >= 0 && c < ' ') || c == '\x7F';
}

bool looks_like_dsn(std::string_view text) {
  static constexpr std::array<std::string_view, 6> signs{"://",  "@",       "password",
                                                         "host", "dbname=", "user="};
  std::string lower;
  for (const char c : text) {
    if (c != ' ')
      lower += to_lower(c);
  }
  return std::ranges::any_of(
      signs, [&](std::string_view sign) { return lower.find(sign) != std::string::npos; });
}

std::string shown(std::string_view text) {
  if (looks_like_dsn(text))
    return "a text that is not shown, since it looks like a DSN";
  const bool cut = text.size() > longest_shown;
  if (cut)
    text = text.substr(0, valid_utf8_prefix(text.substr(0, longest_shown)));
  std::string result = "\"";
  for (const char c : text)
    result += is_control(c) ? '?' : c;
  return result + (cut ? "...\"" : "\"");
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() > longest_word)
    return {};
  std::string_view best;
  std::size_t fewest = 0;
  for (const auto candidate : candidates) {
    const auto distance = edits(word, candidate);
    const auto near = std::clamp<std::size_t>(candidate.size() / 4, 1, 3);
    if (distance <= near && (best.empty() || distance < fewest)) {
      best = candidate;
      fewest = distance;
    }
  }
  return best;
}

}  // namespace hwlab::config
