// Metadata: whether the checker takes just those texts that are JSON objects within its limits.
//
// A reader that builds the whole value tells which those are.
#include <nlohmann/json.hpp>

#include "plugin/json_check.h"
#include "plugin/refusal.h"
#include "tests/fuzz/target.h"

namespace {

using namespace hwlab;
using fuzz::claim;
using nlohmann::json;

constexpr std::size_t deepest = 128;

bool is_storable(const json& value, std::size_t depth) {
  if (value.is_string())
    return !fuzz::has(value.get_ref<const std::string&>(), std::string_view("\0", 1));
  if (!value.is_structured())
    return true;
  if (depth >= deepest)
    return false;
  for (const auto& [key, member] : value.items())
    if (!is_storable(member, depth + 1) ||
        (value.is_object() && fuzz::has(key, std::string_view("\0", 1))))
      return false;
  return true;
}

// Of the text, since a value keeps only the last of several members of one name.
bool has_nul_or_depth_in_dropped_members(std::string_view text) {
  bool found = false;
  const auto look = [&](int depth, json::parse_event_t event, const json& value) {
    const bool is_text = event == json::parse_event_t::key || event == json::parse_event_t::value;
    if (is_text && value.is_string())
      found = found || !is_storable(value, 0);
    const bool opens =
        event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    found = found || (opens && static_cast<std::size_t>(depth) >= deepest);
    return true;
  };
  const json parsed = json::parse(text, look, false);
  return found || parsed.is_discarded();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  bool taken = true;
  try {
    plugin::check_json_object(text);
  } catch (const plugin::Refusal& refusal) {
    taken = false;
    const std::string_view sentence = refusal.what();
    claim(refusal.status() == HWLAB_INVALID && !sentence.empty(), "a refusal says why");
    claim(fuzz::is_printable_ascii(sentence) && sentence.size() < 100 &&
              !fuzz::has(sentence, fuzz::canary),
          "and shows nothing of the text");
  }
  const json value = json::parse(text, nullptr, false);
  claim(taken == (value.is_object() && is_storable(value, 0) &&
                  !has_nul_or_depth_in_dropped_members(text)),
        "the checker and the reader agree");
  return 0;
}
