// Arrays as parameters in PostgreSQL's binary format: libpqxx 6 has no array parameters, and the
// text form would be escaped here and parsed there, element by element.
#pragma once

#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/parameters.h"
#include "store/uuid.h"

namespace hwlab::store {

// What a server calls the type, in every version of it (its pg_type.dat), and an element's bytes.
template <typename Element>
struct ArrayElement;

template <>
struct ArrayElement<Uuid> {
  static constexpr std::uint32_t type = 2950;
  static void append(std::string& to, const Uuid& id) { to.append(id.begin(), id.end()); }
};
template <>
struct ArrayElement<std::string_view> {
  static constexpr std::uint32_t type = 25;
  static void append(std::string& to, std::string_view text) { to.append(text); }
};

template <typename Integer, std::uint32_t integer_type>
struct IntegerElement {
  static constexpr std::uint32_t type = integer_type;
  static void append(std::string& to, Integer number) {
    const Integer big = boost::endian::native_to_big(number);
    to.append(reinterpret_cast<const char*>(&big), sizeof big);
  }
};
template <>
struct ArrayElement<std::int32_t> : IntegerElement<std::int32_t, 23> {};
template <>
struct ArrayElement<std::int64_t> : IntegerElement<std::int64_t, 20> {};

// Builds a one-dimensional array: what array_recv() of the server reads
// (src/backend/utils/adt/arrayfuncs.c).
template <typename Element>
class BinaryArray {
 public:
  BinaryArray() : bytes_(header_size, '\0') {}

  // For so many elements of so many bytes together.
  void reserve(std::size_t elements, std::size_t bytes) {
    bytes_.reserve(header_size + elements * sizeof(std::int32_t) + bytes);
  }

  void add(const Element& element) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(std::int32_t));
    ArrayElement<Element>::append(bytes_, element);
    put(at, static_cast<std::uint32_t>(bytes_.size() - at - sizeof(std::int32_t)));
    ++elements_;
  }
  void add(const std::optional<Element>& element) {
    if (element)
      return add(*element);
    constexpr std::uint32_t null = 0xffff'ffff;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(std::int32_t));
    put(at, null);
    ++elements_;
    ++nulls_;
  }

  // The array; an empty one when all elements are null, which is as good: elements beyond the end
  // of an array are null. Nothing is added after this.
  [[nodiscard]] ArrayParameter finish() {
    const bool empty = nulls_ == elements_;
    put(0, empty ? 0 : 1);       // dimensions
    put(4, nulls_ > 0 ? 1 : 0);  // whether there are nulls
    put(8, ArrayElement<Element>::type);
    put(12, elements_);
    put(16, 1);  // the first one's subscript
    return ArrayParameter(std::string_view(bytes_).substr(0, empty ? empty_size : bytes_.size()));
  }

 private:
  static constexpr std::size_t header_size = 20;
  static constexpr std::size_t empty_size = 12;

  void put(std::size_t at, std::uint32_t number) {
    boost::endian::store_big_u32(reinterpret_cast<unsigned char*>(bytes_.data() + at), number);
  }

  std::string bytes_;
  std::uint32_t elements_ = 0;
  std::uint32_t nulls_ = 0;
};

}  // namespace hwlab::store
