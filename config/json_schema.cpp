#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/documents.h"
#include "config/keys.h"

namespace hwlab::config {
namespace {

std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + '"';
}

// Members that are already JSON, as an object.
std::string object(const std::vector<std::string>& members, std::string_view indent) {
  std::string text = "{\n";
  for (std::size_t i = 0; i < members.size(); ++i)
    text.append(indent)
        .append("  ")
        .append(members[i])
        .append(i + 1 < members.size() ? ",\n" : "\n");
  return text.append(indent).append("}");
}

std::string member(std::string_view name, std::string_view json) {
  return json_string(name) + ": " + std::string(json);
}

std::string text_member(std::string_view name, std::string_view text) {
  return member(name, json_string(text));
}

std::string word_list(std::span<const std::string_view> words) {
  std::string text = "[";
  for (const auto word : words)
    text += (text.size() == 1 ? "" : ", ") + json_string(word);
  return text + ']';
}

// An amount with its unit. The range of such values cannot be said by a pattern; the description
// says it.
void add_amount(std::vector<std::string>& members, const Key& key, std::string_view units) {
  const std::string pattern = "(0|[1-9][0-9]*)(" + std::string(units) + ")";
  if (key.least > 0) {
    members.push_back(text_member("type", "string"));
    members.push_back(text_member("pattern", "^" + pattern + "$"));
    return;
  }
  members.push_back(member("anyOf", R"([{"type": "string", "pattern": )" +
                                        json_string("^(0|" + pattern + ")$") +
                                        "}, {\"const\": 0}]"));
}

void add_type(std::vector<std::string>& members, const Key& key) {
  switch (key.type) {
    case ValueType::variable_name:
      members.push_back(text_member("type", "string"));
      members.push_back(text_member("pattern", "^[A-Za-z_][A-Za-z0-9_]*$"));
      break;
    case ValueType::absolute_path:
      members.push_back(text_member("type", "string"));
      members.push_back(text_member("pattern", R"(^/[^\u0000-\u001F\u007F]*$)"));
      break;
    case ValueType::schema_name:
      members.push_back(text_member("type", "string"));
      members.push_back(member("maxLength", "63"));
      members.push_back(text_member("pattern", R"(^(?!pg_)[^\u0000-\u001F\u007F]+$)"));
      break;
    case ValueType::choice:
      members.push_back(member("enum", word_list(key.choices)));
      break;
    case ValueType::count:
      members.push_back(text_member("type", "integer"));
      members.push_back(member("minimum", std::to_string(key.least)));
      members.push_back(member("maximum", std::to_string(key.most)));
      break;
    case ValueType::size:
      add_amount(members, key, "B|KiB|MiB|GiB");
      break;
    case ValueType::duration:
      add_amount(members, key, "ms|s|m|h");
      break;
  }
}

std::string key_schema(const Key& key, std::string_view indent) {
  auto description = std::string(key.meaning) + " (" + range_text(key) + ")";
  std::erase(description, '`');
  std::vector<std::string> members{text_member("description", description)};
  add_type(members, key);
  const auto text = default_text(key);
  const bool is_alternative =
      key.section() == "dsn";  // the default of the whole section, not of the key
  if (!is_alternative)
    members.push_back(member("default", key.type == ValueType::count ? text : json_string(text)));
  return object(members, indent);
}

std::vector<std::string> key_members(std::string_view section, std::string_view indent) {
  std::vector<std::string> members;
  for (const auto& key : keys()) {
    if (key.section() == section)
      members.push_back(member(key.name(), key_schema(key, indent)));
  }
  return members;
}

std::string section_schema(const Section& section) {
  auto description = std::string(section.meaning);
  std::erase(description, '`');
  std::vector<std::string> members{
      text_member("description", description), text_member("type", "object"),
      member("properties", object(key_members(section.name, "        "), "      ")),
      member("additionalProperties", "false")};
  if (section.name == "dsn") {
    members.push_back(member("oneOf", R"([{"required": ["env"]}, {"required": ["file"]}])"));
    members.push_back(member("default", "{\"env\": " + json_string(Settings{}.dsn.name) + "}"));
  }
  return object(members, "    ");
}

}  // namespace

std::string json_schema() {
  std::vector<std::string> properties;
  for (const auto& section : sections())
    properties.push_back(member(section.name, section_schema(section)));
  for (auto& top : key_members("", "    "))
    properties.push_back(std::move(top));
  const std::vector<std::string> members{
      text_member("$schema", "https://json-schema.org/draft/2020-12/schema"),
      text_member("title", "Configuration of the plugin hwlab_conversations"),
      member("type", R"(["object", "null"])"), member("properties", object(properties, "  ")),
      member("additionalProperties", "false")};
  return object(members, "") + '\n';
}

}  // namespace hwlab::config
