// What the commands print: JSON for programs, text for people.
#pragma once

#include <hwlab/plugin_host.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hwlab::cli {

using Json = nlohmann::ordered_json;

// On one line. Bytes that are no UTF-8 become U+FFFD instead of failing.
[[nodiscard]] std::string dump(const Json& json);

[[nodiscard]] Json to_json(const host::Created& created);
[[nodiscard]] Json to_json(const host::AddedMessage& message);
[[nodiscard]] Json to_json(const host::ConversationView& conversation);  // of show: the head only
[[nodiscard]] Json to_json(const host::MessageView& message);
[[nodiscard]] Json to_json(const host::Listing& listing);
[[nodiscard]] Json to_json(const host::Check& check);
[[nodiscard]] Json to_json(const host::MigrateResult& result);
[[nodiscard]] Json to_json(const host::RepairResult& result);

// For people: control characters of what is stored are escaped, line ends at the end included.
[[nodiscard]] std::string to_text(const host::ConversationView& conversation);
[[nodiscard]] std::string to_text(const host::MessageView& message);
[[nodiscard]] std::string to_text(const host::Listing& listing);
[[nodiscard]] std::string to_text(const host::Check& check);
[[nodiscard]] std::string to_text(const host::MigrateResult& result);
[[nodiscard]] std::string to_text(const host::RepairResult& result);

}  // namespace hwlab::cli
