// The table of keys: what the parser, the JSON Schema and the reference page are made from, so that
// the three cannot disagree.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace hwlab::config {

enum class ValueType { variable_name, absolute_path, schema_name, choice, count, size, duration };

// One of the two, as the type of the key says.
struct Value {
  std::int64_t amount = 0;  // in its base unit: a count, bytes, milliseconds, the index of a choice
  std::string text = {};    // {}: so that either member can be left out where a value is made

  bool operator==(const Value&) const = default;
};

struct Key {
  std::string_view path;  // "call_timeout", or section and key: "pool.max"
  ValueType type = ValueType::count;
  std::int64_t least = 0;  // the range of counts, sizes and durations, both ends included
  std::int64_t most = 0;
  std::span<const std::string_view> choices;
  std::string_view meaning;  // a sentence without its full stop, after "PATH: "
  Value (*get)(const Settings&) = nullptr;
  void (*set)(Settings&, const Value&) = nullptr;

  [[nodiscard]] std::string_view section() const;  // "pool", or "" at the top
  [[nodiscard]] std::string_view name() const;     // "max"
};

struct Section {
  std::string_view name;
  std::string_view meaning;
};

// In the order in which they are documented; the keys of a section stand together.
std::span<const Key> keys();
std::span<const Section> sections();

// The value as one would write it in YAML: 10s, 16MiB, auto.
std::string format_value(const Key& key, const Value& value);

// The default as one would write it; empty when there is none (dsn.file).
std::string default_text(const Key& key);

// "1ms to 1h", "auto, verify or off", or a description of the text.
std::string range_text(const Key& key);

// "a duration from 1ms to 1h with its unit (ms, s, m or h)", to follow the word "expected".
std::string expectation(const Key& key);

}  // namespace hwlab::config
