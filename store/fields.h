// The fields of a result, without the streams and copies of libpqxx's conversions.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "store/numbers.h"

namespace hwlab::store {

// Borrowed from the result. Null: an empty text.
template <typename Field>
std::string_view text_of(const Field& field) {
  return {field.c_str(), field.size()};
}

template <typename Field>
std::optional<std::string_view> optional_text_of(const Field& field) {
  return field.is_null() ? std::nullopt : std::optional(text_of(field));
}

template <typename Field>
std::int64_t integer_of(const Field& field) {
  const auto digits = text_of(field);
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// A column that is one of the Numbers, a time.
template <typename Field>
Micros time_of(const Field& field) {
  return Numbers(text_of(field)).time(0);
}

}  // namespace hwlab::store
