// Arrays as text parameters: libpqxx 6 has no array parameters.
#pragma once

#include <string>
#include <string_view>

namespace hwlab::store {

// Builds the text form of a one-dimensional array.
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
class ArrayLiteral {
 public:
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

  void add(std::string_view element) {
    separate();
    text_ += '"';
    for (;;) {
      const auto at = element.find_first_of("\"\\");
      text_.append(element.substr(0, at));
      if (at == std::string_view::npos)
        break;
      text_ += '\\';
      text_ += element[at];
      element.remove_prefix(at + 1);
    }
    text_ += '"';
  }
  void add_null() {
    separate();
    text_ += "NULL";
  }
  // Nothing is added after this.
  [[nodiscard]] const std::string& finish() {
    text_ += '}';
    return text_;
  }

 private:
  void separate() {
    if (text_.size() > 1)
      text_ += ',';
  }

  std::string text_ = "{";
};

}  // namespace hwlab::store
