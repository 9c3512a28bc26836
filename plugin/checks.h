// What a request must be before anything is sent.
#pragma once

#include <hwlab/plugin.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "store/uuid.h"

namespace hwlab::plugin {

// Each of them throws Refusal with a sentence that names `what`, never the text.

// Absent, or valid UTF-8 of at most `most` bytes without U+0000.
std::optional<std::string_view> check_text(const hwlab_text& text, const char* what,
                                           std::size_t most);
// The same, and not absent.
std::string_view check_present(const hwlab_text& text, const char* what, std::size_t most);

// A UUID in its canonical form; absent: a new one.
store::Uuid check_id(const hwlab_text& text, const char* what);
store::Uuid check_id_or_make(const hwlab_text& text, const char* what);

// "user", "assistant" or "system".
std::string_view check_role(const hwlab_text& text);

// Absent, or a JSON object that PostgreSQL's jsonb takes.
std::optional<std::string_view> check_metadata(const hwlab_text& text, std::size_t most);

// 0: absent. From year 1 to 9999, which RFC 3339 can write and PostgreSQL can store.
std::optional<std::int64_t> check_time(std::int64_t microseconds, const char* what);

}  // namespace hwlab::plugin
