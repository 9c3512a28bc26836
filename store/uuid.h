// Ids of conversations and messages (RFC 9562).
#pragma once

#include <boost/uuid/uuid.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hwlab::store {

using Uuid = boost::uuids::uuid;

// An id of the present millisecond and 74 random bits (version 7). Later ones are greater, so that
// the index over them grows at one end however large it is: an append finds the page that the last
// one has written, where a random id would have another one read, and written to the log whole.
// [any thread]
Uuid new_uuid();

// The canonical form of 36 characters, in either case; nothing for anything else.
std::optional<Uuid> parse_uuid(std::string_view text);

// The canonical form, in lower case.
std::string to_text(const Uuid& id);

}  // namespace hwlab::store
