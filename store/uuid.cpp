#include "store/uuid.h"

#include <boost/endian/conversion.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace hwlab::store {

Uuid new_uuid() {
  // The system's generator, not one that is seeded once: a forked child that loads the plugin anew
  // would go on with its parent's state and make the same ids.
  Uuid id = boost::uuids::random_generator{}();
  // A random id is version 4 and of the right variant; the rest of what makes it version 7 is the
  // time in its first 48 bits.
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const std::uint64_t time_first =
      boost::endian::native_to_big(static_cast<std::uint64_t>(now.count()) << 16);
  std::memcpy(id.data, &time_first, 6);
  id.data[6] = static_cast<std::uint8_t>(0x70U | (id.data[6] & 0x0fU));
  return id;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  constexpr std::size_t canonical_size = 36;
  // Boost also takes braces and bare hexadecimal digits, which other readers of the same id would
  // not.
  if (text.size() != canonical_size || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
      text[23] != '-') {
    return std::nullopt;
  }
  try {
    return boost::uuids::string_generator{}(text.begin(), text.end());
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

std::string to_text(const Uuid& id) {
  return boost::uuids::to_string(id);
}

}  // namespace hwlab::store
