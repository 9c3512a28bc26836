#include "store/uuid.h"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <stdexcept>

namespace hwlab::store {

Uuid new_uuid() {
  // The system's generator, not one that is seeded once: a forked child that loads the plugin anew
  // would go on with its parent's state and make the same ids.
  return boost::uuids::random_generator{}();
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
