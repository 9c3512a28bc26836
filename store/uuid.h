// Ids of conversations and messages (RFC 9562).
#pragma once

#include <boost/uuid/uuid.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hwlab::store {

using Uuid = boost::uuids::uuid;

// A random id (version 4). Any thread.
Uuid new_uuid();

// The canonical form of 36 characters, in either case; nothing for anything else.
std::optional<Uuid> parse_uuid(std::string_view text);

// The canonical form, in lower case.
std::string to_text(const Uuid& id);

}  // namespace hwlab::store
