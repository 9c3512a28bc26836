// Whether a text is JSON that PostgreSQL's jsonb takes.
#pragma once

#include <string_view>

namespace hwlab::plugin {

// Throws Refusal unless `text` is one JSON object (RFC 8259), nested at most 128 deep, without
// U+0000 in any of its strings. The server would refuse the rest too, in words that quote it.
void check_json_object(std::string_view text);

}  // namespace hwlab::plugin
