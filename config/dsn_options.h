// The text of a DSN as connection options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/dsn.h"

namespace hwlab::config {

// Parses by PQconninfoParse, and checks the values of those options whose values are known in
// advance, so that they fail now and by name, not at the first connect. `source` begins the
// sentence of an Error, which shows no part of the text.
std::vector<ConnectionOption> parse_options(const std::string& text, const std::string& source);

// Whether the text is a URI for libpq.
bool is_uri(std::string_view text);

// Whether an @ stands behind the one that ends the user's part. libpq would read such a URI, but
// not as it was meant: what follows the first @, or a slash, in a password that is not
// percent-encoded would become the host or the database, and be shown in errors about them.
bool has_stray_at(std::string_view uri);

// The user's password and the query values that are passwords, as spelt in a URI.
std::vector<std::string> passwords_in_uri(std::string_view uri);

}  // namespace hwlab::config
