// Small texts: times and durations as people write them, and stored text made safe for a terminal.
#pragma once

#include <chrono>
#include <hwlab/plugin_host.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hwlab::cli {

// RFC 3339 in UTC with six decimals: "2026-01-31T23:59:59.000001Z".
[[nodiscard]] std::string format_time(host::Time time);

// "500ms", "10s", "5m", "2h"; nothing when it is not one, is not above zero, or is longer than the
// 49 days a call can be given.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

enum class Lines { many, one };

// Text as it may be sent to a terminal: control characters (C0, DEL, C1) and bytes that are no
// UTF-8 become \xNN, so that stored content cannot move the cursor or set the clipboard. Line ends
// and tabs are kept where many lines are expected.
[[nodiscard]] std::string escape_for_terminal(std::string_view text, Lines lines = Lines::many);

}  // namespace hwlab::cli
