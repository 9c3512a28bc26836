// What goes to the server beside the text of a statement.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hwlab::store {

// A parameter of a statement, in text format; absent: SQL's null. The text is borrowed until the
// statement is sent.
struct Parameter {
  std::optional<std::string_view> text;

  Parameter(std::nullopt_t) {}
  Parameter(std::string_view value) : text(value) {}
  Parameter(const std::string& value) : text(value) {}
  Parameter(std::optional<std::string_view> value) : text(value) {}
};
using Parameters = std::vector<Parameter>;

// An array in binary format (BinaryArray); for statements that take nothing else. The bytes are
// borrowed until the statement is sent.
struct ArrayParameter {
  std::string_view bytes;

  explicit ArrayParameter(std::string_view array) : bytes(array) {}  // no text is one by itself
};
using Arrays = std::vector<ArrayParameter>;

}  // namespace hwlab::store
