// Where a section stands, and the errors that say so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace hwlab::config {

class Origin {
 public:
  // "FILE:LINE" or "FILE". FILE may hold colons: only digits behind the last one are a line.
  explicit Origin(std::string_view text);

  // An error about the line of the section (0: its first), for the key at `path` ("": no key).
  [[nodiscard]] Error error(int line, std::string_view path, std::string_view sentence) const;

  // "FILE:LINE" of a line of the section (0: its first), or "FILE".
  [[nodiscard]] std::string place(int line) const;

  // The line of the file, where lines are known.
  [[nodiscard]] std::optional<long> line_in_file(int line) const;

 private:
  std::string file_;
  std::optional<long> first_line_;
};

}  // namespace hwlab::config
