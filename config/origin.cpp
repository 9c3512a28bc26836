#include "config/origin.h"

#include <algorithm>

namespace hwlab::config {
namespace {

constexpr std::size_t most_digits = 9;

std::optional<long> read_line(std::string_view digits) {
  const bool is_number = !digits.empty() && digits.size() <= most_digits &&
                         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number)
    return std::nullopt;
  const long line = std::stol(std::string(digits));
  return line > 0 ? std::optional(line) : std::nullopt;
}

}  // namespace

Origin::Origin(std::string_view text) : file_(text.empty() ? "configuration" : text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return;
  first_line_ = read_line(text.substr(colon + 1));
  if (first_line_)
    file_ = text.substr(0, colon);
}

Error Origin::error(int line, std::string_view path, std::string_view sentence) const {
  std::string text = place(line);
  if (!path.empty())
    text.append(": ").append(path);
  text.append(": ").append(sentence);
  Error result(text);
  return result;
}

std::string Origin::place(int line) const {
  const auto number = line_in_file(line);
  return number ? file_ + ':' + std::to_string(*number) : file_;
}

std::optional<long> Origin::line_in_file(int line) const {
  return first_line_ ? std::optional(*first_line_ + line) : std::nullopt;
}

}  // namespace hwlab::config
