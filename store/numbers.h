// Numbers that a statement gives as hexadecimal digits.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "store/model.h"

namespace hwlab::store {

// 16 digits each, in two's complement; times in microseconds since 2000. In decimal digits since
// 1970 each time would go through the server's numeric arithmetic.
class Numbers {
 public:
  Numbers() = default;
  explicit Numbers(std::string_view digits) : digits_(digits) {}

  [[nodiscard]] std::int64_t number(std::size_t place) const {
    constexpr std::size_t length = 16;
    const auto own = digits_.substr(place * length, length);
    std::uint64_t bits = 0;
    std::from_chars(own.data(), own.data() + own.size(), bits, 16);
    return static_cast<std::int64_t>(bits);
  }

  [[nodiscard]] Micros time(std::size_t place) const {
    constexpr Micros year_2000 = 946'684'800'000'000;
    const Micros since_2000 = number(place);
    // An earlier store may have kept "infinity", which is the greatest number.
    return since_2000 > std::numeric_limits<Micros>::max() - year_2000
               ? std::numeric_limits<Micros>::max()
               : since_2000 + year_2000;
  }

 private:
  std::string_view digits_;
};

}  // namespace hwlab::store
