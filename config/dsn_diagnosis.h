// Why libpq cannot read a DSN, in a sentence that shows no part of it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hwlab::config {

// For a text that PQconninfoParse refuses. `keywords`: the options that libpq knows; only these are
// ever named, as what was probably meant by one that it does not know. The unknown one itself is
// not shown: it may be the second half of a password with a space in it.
std::string diagnose_dsn(std::string_view text, std::span<const std::string_view> keywords);

}  // namespace hwlab::config
