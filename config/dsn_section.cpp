#include "config/dsn_section.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "config/keys.h"
#include "config/text.h"

namespace hwlab::config {
namespace {

constexpr std::string_view literal_refused =
    "a DSN is not accepted here, since secrets do not live in YAML; put it into an environment "
    "variable or a file and write { env: HWLAB_DATABASE_URL } or { file: /path/of/file }";

// Keys that people use when they write a DSN in parts.
constexpr std::array<std::string_view, 14> dsn_words{
    "url",      "uri",  "dsn",  "conninfo", "connection", "host",   "hostaddr",
    "database", "user", "port", "dbname",   "password",   "passwd", "username"};

const Key& key_of(std::string_view path) {
  return *std::ranges::find(keys(), path, &Key::path);
}

class DsnSection {
 public:
  explicit DsnSection(const Origin& origin) : origin_(origin) {}

  void read(const YamlEntry& entry) {
    const bool is_env = entry.key == "env";
    if (!is_env && entry.key != "file")
      refuse_key(entry);
    const std::string path = "dsn." + entry.key;
    auto& seen = is_env ? env_ : file_;
    if (seen != nullptr)
      throw origin_.error(entry.line, path, "given twice" + first_on(seen->line));
    seen = &entry;
    check_value(entry, path, is_env);
  }

  DsnReference result(int line) const {
    if (env_ != nullptr && file_ != nullptr)
      throw origin_.error(std::max(env_->line, file_->line), "dsn",
                          "expected one of env and file, got both");
    if (env_ == nullptr && file_ == nullptr)
      throw origin_.error(line, "dsn",
                          "expected env or file, got neither; write { env: HWLAB_DATABASE_URL } or "
                          "{ file: /path/of/file }");
    if (env_ != nullptr)
      return {.kind = DsnReference::Kind::environment,
              .name = env_->value.text,
              .origin = origin_.place(env_->line)};
    return {.kind = DsnReference::Kind::file,
            .name = file_->value.text,
            .origin = origin_.place(file_->line)};
  }

 private:
  std::string first_on(int line) const {
    const auto number = origin_.line_in_file(line);
    return number ? ", first on line " + std::to_string(*number) : std::string();
  }

  [[noreturn]] void refuse_key(const YamlEntry& entry) const {
    const bool is_literal = looks_like_dsn(entry.key) || looks_like_dsn(entry.value.text) ||
                            std::ranges::find(dsn_words, entry.key) != dsn_words.end();
    if (is_literal)
      throw origin_.error(entry.line, "dsn", literal_refused);
    static constexpr std::array<std::string_view, 3> near_words{"env", "file", "environment"};
    auto meant = nearest(entry.key, near_words);
    meant = meant == "environment" ? "env" : meant;
    throw origin_.error(entry.line, "dsn",
                        "expected env or file, got another key" +
                            (meant.empty() ? "" : "; did you mean " + std::string(meant) + '?'));
  }

  void check_value(const YamlEntry& entry, const std::string& path, bool is_env) const {
    const auto& node = entry.value;
    const auto expected = "expected " + expectation(key_of(path));
    if (node.kind == YamlNode::Kind::null)
      throw origin_.error(entry.line, path, expected + ", got nothing");
    if (node.kind != YamlNode::Kind::scalar)
      throw origin_.error(
          entry.line, path,
          expected + (node.kind == YamlNode::Kind::sequence ? ", got a list" : ", got a mapping"));
    if (is_env ? is_variable_name(node.text) : is_absolute_path(node.text))
      return;
    if (looks_like_dsn(node.text))
      throw origin_.error(entry.line, path, literal_refused);
    throw origin_.error(entry.line, path, expected + hint(node.text, is_env));
  }

  static std::string hint(std::string_view text, bool is_env) {
    if (is_env)
      return text.starts_with('$') ? "; write the name without the $" : "";
    return text.starts_with('~') ? "; ~ is not expanded here" : "";
  }

  const Origin& origin_;
  const YamlEntry* env_ = nullptr;
  const YamlEntry* file_ = nullptr;
};

}  // namespace

DsnReference read_dsn_section(const YamlNode& node, int line, const Origin& origin) {
  if (node.kind == YamlNode::Kind::null)
    throw origin.error(line, "dsn",
                       "expected a mapping such as { env: HWLAB_DATABASE_URL }, got nothing; leave "
                       "the key out to get its default");
  if (node.kind != YamlNode::Kind::mapping)
    throw origin.error(line, "dsn", literal_refused);
  DsnSection section(origin);
  for (const auto& entry : node.entries)
    section.read(entry);
  return section.result(line);
}

bool is_variable_name(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !text.empty() && is_letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool is_absolute_path(std::string_view text) {
  return text.starts_with('/') && std::ranges::none_of(text, is_control);
}

}  // namespace hwlab::config
