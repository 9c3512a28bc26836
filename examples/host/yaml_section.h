// A section of a YAML file as text of its own.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <string_view>

namespace hwlab::cli {

struct Section {
  std::string text;
  std::optional<int> line;  // 1-based, of its first line in the file; nothing: written anew
};

// `node` was read from `source`. In block style the section is the file's own lines, unchanged,
// with their comments, so that line numbers in messages are true. Otherwise (flow style, aliases
// that reach outside) it is written anew. Either way it parses to the same values.
[[nodiscard]] Section cut_section(std::string_view source, const YAML::Node& node);

}  // namespace hwlab::cli
