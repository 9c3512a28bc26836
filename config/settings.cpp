#include "config/settings.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "config/dsn_section.h"
#include "config/keys.h"
#include "config/origin.h"
#include "config/scalar.h"
#include "config/text.h"
#include "config/yaml_tree.h"

namespace hwlab::config {
namespace {

const Key* find_key(std::string_view path) {
  const auto found = std::ranges::find(keys(), path, &Key::path);
  return found == keys().end() ? nullptr : &*found;
}

bool is_section(std::string_view name) {
  return std::ranges::find(sections(), name, &Section::name) != sections().end();
}

// The names that may stand in a section; at the top these are keys and sections.
std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const auto& key : keys()) {
    const auto name = !section.empty() || key.section().empty() ? key.name() : key.section();
    const bool is_here = section.empty() || key.section() == section;
    if (is_here && (names.empty() || names.back() != name))
      names.push_back(name);
  }
  return names;
}

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words)
    text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

// "; did you mean pool.max?" for a name that is nearly one of this section, or one of another
// section.
std::string suggestion(std::string_view name, std::string_view section) {
  const auto names = names_in(section);
  const auto prefix = section.empty() ? std::string() : std::string(section) + '.';
  if (const auto near = nearest(name, names); !near.empty())
    return "; did you mean " + prefix + std::string(near) + '?';
  for (const auto& key : keys()) {
    if (key.name() == name && key.section() != "dsn")
      return "; did you mean " + std::string(key.path) + '?';
  }
  return "; expected one of " + join(names);
}

std::string example(std::string_view section) {
  const auto& key = *std::ranges::find(keys(), section, &Key::section);
  return "{ " + std::string(key.name()) + ": " + default_text(key) + " }";
}

// A key is shown when it looks like one: anything else may be a value in the wrong place.
bool may_show_key(std::string_view key) {
  static constexpr std::string_view characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !key.empty() && key.size() <= 40 &&
         key.find_first_not_of(characters) == std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view origin) : origin_(origin) {
    settings_.dsn.origin = origin_.place(0);  // the default stands nowhere; the section lacks it
  }

  Settings read(std::string_view yaml) {
    const auto root = read_yaml(yaml, origin_);
    if (root.kind == YamlNode::Kind::scalar)
      throw origin_.error(root.line, "", "expected a mapping of keys, got a text");
    if (root.kind == YamlNode::Kind::sequence)
      throw origin_.error(root.line, "", "expected a mapping of keys, got a list");
    for (const auto& entry : root.entries)
      read_entry(entry, "");
    check_order("pool.min", "pool.max");
    check_order("append.max_batch", "append.max_waiting");
    check_order("append.max_batch_bytes", "append.max_waiting_bytes");
    check_message_fits();
    return std::move(settings_);
  }

 private:
  void read_entry(const YamlEntry& entry, std::string_view section) {
    const auto path = section.empty() ? entry.key : std::string(section) + '.' + entry.key;
    const bool opens_section = section.empty() && is_section(entry.key);
    const auto* key = opens_section ? nullptr : find_key(path);
    if (!opens_section && (key == nullptr || key->section() != section))
      refuse_key(entry, path, section);
    const auto [first, is_new] = given_.emplace(path, entry.line);
    if (!is_new)
      throw origin_.error(entry.line, path, "given twice" + first_on(first->second));
    if (opens_section)
      return read_section(entry);
    auto [value, mistake] = read_value(*key, entry.value);
    if (!value)
      throw origin_.error(entry.line, path, mistake);
    key->set(settings_, *value);
  }

  void read_section(const YamlEntry& entry) {
    if (entry.key == "dsn") {
      settings_.dsn = read_dsn_section(entry.value, entry.line, origin_);
      return;
    }
    if (entry.value.kind == YamlNode::Kind::null)
      throw origin_.error(entry.line, entry.key,
                          "expected a mapping such as " + example(entry.key) +
                              ", got nothing; leave the key out to get its defaults");
    if (entry.value.kind != YamlNode::Kind::mapping)
      throw origin_.error(
          entry.line, entry.key,
          "expected a mapping such as " + example(entry.key) + ", got " + description(entry.value));
    for (const auto& inner : entry.value.entries)
      read_entry(inner, entry.key);
  }

  [[noreturn]] void refuse_key(const YamlEntry& entry, const std::string& path,
                               std::string_view section) const {
    if (may_show_key(entry.key))
      throw origin_.error(entry.line, path, "unknown key" + suggestion(entry.key, section));
    throw origin_.error(entry.line, section,
                        "unknown key, not shown since it does not look like one; expected one of " +
                            join(names_in(section)));
  }

  std::string first_on(int line) const {
    const auto number = origin_.line_in_file(line);
    return number ? ", first on line " + std::to_string(*number) : std::string();
  }

  std::int64_t amount(std::string_view path) const { return find_key(path)->get(settings_).amount; }

  // "pool.max (4, its default)"
  std::string with_value(std::string_view path) const {
    const auto& key = *find_key(path);
    return std::string(path) + " (" + format_value(key, key.get(settings_)) +
           (given_.contains(path) ? ")" : ", its default)");
  }

  std::string value_text(std::string_view path) const {
    return format_value(*find_key(path), find_key(path)->get(settings_));
  }

  void check_order(std::string_view lesser, std::string_view greater) const {
    if (amount(lesser) <= amount(greater))
      return;
    // The error is about the one that was given; about the lesser when both were.
    if (const auto given = given_.find(lesser); given != given_.end())
      throw origin_.error(
          given->second, lesser,
          "expected at most " + with_value(greater) + ", got " + value_text(lesser));
    throw origin_.error(given_.find(greater)->second, greater,
                        "expected at least " + with_value(lesser) + ", got " + value_text(greater));
  }

  // A message that is within the limits must fit into the queue, or it could never be sent.
  void check_message_fits() const {
    static constexpr std::array<std::string_view, 3> paths{"limits.content", "limits.metadata",
                                                           "append.max_waiting_bytes"};
    if (amount(paths[0]) + amount(paths[1]) <= amount(paths[2]))
      return;
    const auto path = *std::ranges::find_if(paths, [&](auto p) { return given_.contains(p); });
    throw origin_.error(given_.find(path)->second, path,
                        "expected " + with_value(paths[2]) + " to be at least " +
                            with_value(paths[0]) + " and " + with_value(paths[1]) + " together");
  }

  Origin origin_;
  Settings settings_;
  std::map<std::string, int, std::less<>> given_;  // paths and their lines
};

}  // namespace

Settings parse_settings(std::string_view yaml, std::string_view origin) {
  return Reader(origin).read(yaml);
}

}  // namespace hwlab::config
