// Small questions about texts: are they UTF-8, may they be shown, which word was meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace hwlab::config {

// The number of bytes before the first one that is not part of valid UTF-8 (RFC 3629), or the size
// of the text.
std::size_t valid_utf8_prefix(std::string_view text);

// A control character of ASCII, line ends and tabs included.
bool is_control(char c);

// Whether a text may be a DSN or a part of one, and must therefore not be shown. Errs towards yes.
bool looks_like_dsn(std::string_view text);

// The text in double quotes, to be shown after "got": cut when it is long, control characters
// replaced; or a remark in its place when it looks like a DSN.
std::string shown(std::string_view text);

// The candidate that `word` is a near miss of, or an empty text. Near: one edit for short words,
// two or three for longer ones; an edit inserts, drops or changes one character, or swaps two
// neighbours.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace hwlab::config
