#include "config/scalar.h"

#include <algorithm>
#include <string_view>

#include "config/text.h"
#include "config/units.h"

namespace hwlab::config {
namespace {

constexpr std::size_t longest_name = 63;  // NAMEDATALEN - 1, a PostgreSQL server's limit

// `remark` starts with what joins it to the sentence: "; ..." or " ...".
Reading mistake(const Key& key, const YamlNode& node, const std::string& remark = {}) {
  return {{}, "expected " + expectation(key) + ", got " + description(node) + remark};
}

std::string did_you_mean(std::string_view what) {
  return what.empty() ? std::string() : "; did you mean " + std::string(what) + '?';
}

// Whether a YAML reader of another language would take the plain text for a number or a truth
// value, and a JSON Schema would then refuse it as no text.
bool is_other_type(std::string_view text) {
  const auto digit = text.find_first_of("0123456789");
  return text == "true" || text == "false" ||
         (digit != std::string_view::npos &&
          text.find_first_not_of("0123456789+-.eE_") == std::string_view::npos);
}

Reading read_number(const Key& key, const YamlNode& node, std::optional<std::int64_t> number,
                    const std::string& suggestion) {
  if (!number)
    return mistake(key, node, did_you_mean(suggestion));
  if (*number < key.least || *number > key.most)
    return mistake(key, node);
  return {Value{.amount = *number}, {}};
}

Reading read_choice(const Key& key, const YamlNode& node) {
  const auto found = std::ranges::find(key.choices, node.text);
  if (found != key.choices.end())
    return {Value{.amount = found - key.choices.begin()}, {}};
  // YAML 1.1 reads off as false; a host that writes the section anew hands that on.
  const std::string_view meant = node.text == "false"  ? "off"
                                 : node.text == "true" ? "on"
                                                       : std::string_view();
  if (!meant.empty() && std::ranges::find(key.choices, meant) != key.choices.end())
    return mistake(key, node,
                   "; did you mean \"" + std::string(meant) +
                       "\", in quotes since some YAML readers turn the bare word into " +
                       node.text + '?');
  return mistake(key, node, did_you_mean(nearest(node.text, key.choices)));
}

Reading read_schema_name(const Key& key, const YamlNode& node) {
  const auto& name = node.text;
  if (!node.quoted && is_other_type(name))
    return mistake(key, node, ", which is no text unless it stands in quotes");
  const bool is_good = !name.empty() && name.size() <= longest_name && !name.starts_with("pg_") &&
                       std::ranges::none_of(name, is_control);
  return is_good ? Reading{Value{.text = name}, {}} : mistake(key, node);
}

}  // namespace

std::string description(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return shown(node.text);
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
  }
  return {};
}

Reading read_value(const Key& key, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null)
    return mistake(key, node, "; leave the key out to get its default, " + default_text(key));
  if (node.kind != YamlNode::Kind::scalar)
    return mistake(key, node);
  switch (key.type) {
    case ValueType::count:
      if (node.quoted && read_count(node.text))
        return mistake(key, node, "; write it without quotes");
      return read_number(key, node, read_count(node.text), {});
    case ValueType::size:
      return read_number(key, node, read_amount(node.text, size_units()),
                         suggest_amount(node.text, size_units()));
    case ValueType::duration:
      return read_number(key, node, read_amount(node.text, duration_units()),
                         suggest_amount(node.text, duration_units()));
    case ValueType::choice:
      return read_choice(key, node);
    default:
      return read_schema_name(key, node);
  }
}

}  // namespace hwlab::config
