#include "daemon_config.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "yaml_section.h"

namespace hwlab::cli {
namespace {

constexpr std::size_t longest_file = std::size_t{4} << 20;

class Reader {
 public:
  Reader(std::string_view text, std::filesystem::path file) : text_(text), file_(std::move(file)) {}

  std::vector<PluginEntry> read() {
    const auto root = parse();
    if (root.IsNull()) {
      return {};
    }
    if (!root.IsMap()) {
      fail(root, "", "expected a mapping with the key plugins");
    }
    read_top(root);
    std::vector<PluginEntry> entries;
    if (!plugins_) {
      return entries;
    }
    if (!plugins_->IsNull() && !plugins_->IsSequence()) {
      fail(*plugins_, "plugins", "expected a list of plugins");
    }
    for (const auto& element : *plugins_) {
      entries.push_back(read_entry(element, "plugins[" + std::to_string(entries.size()) + "]"));
    }
    return entries;
  }

 private:
  [[noreturn]] void fail(const YAML::Node& node, const std::string& key,
                         const std::string& what) const {
    fail_at(node.Mark().line, key, what);
  }

  [[noreturn]] void fail_at(int line, const std::string& key, const std::string& what) const {
    throw ConfigError(file_.string() + (line >= 0 ? ":" + std::to_string(line + 1) : "") + ": " +
                      (key.empty() ? "" : key + ": ") + what);
  }

  YAML::Node parse() const {
    try {
      return YAML::Load(std::string(text_));
    } catch (const YAML::Exception& error) {
      fail_at(error.mark.line, "", "is not YAML: " + error.msg);
    }
  }

  std::string scalar(const YAML::Node& node, const std::string& key) const {
    if (!node.IsScalar() || node.Scalar().empty()) {
      fail(node, key, "expected a text");
    }
    if (node.Scalar().find('\0') != std::string::npos) {
      fail(node, key, "must not hold U+0000");
    }
    return node.Scalar();
  }

  bool boolean(const YAML::Node& node, const std::string& key) const {
    bool value = false;
    if (!node.IsScalar() || !YAML::convert<bool>::decode(node, value)) {
      fail(node, key, "expected true or false");
    }
    return value;
  }

  void read_top(const YAML::Node& root) {
    std::set<std::string> seen;
    for (const auto& pair : root) {
      const auto key = pair.first.IsScalar() ? pair.first.Scalar() : std::string();
      if (key != "plugins" && key != "plugin_dir") {
        continue;
      }
      if (!seen.insert(key).second) {
        fail(pair.first, key, "is given twice");
      }
      if (key == "plugins") {
        plugins_ = pair.second;
      } else {
        plugin_dir_ = folder() / scalar(pair.second, key);  // an absolute one replaces the folder
      }
    }
  }

  std::filesystem::path folder() const {
    std::error_code failure;
    const auto absolute = std::filesystem::absolute(file_, failure);
    return failure ? std::filesystem::path("/") : absolute.parent_path();
  }

  PluginEntry read_entry(const YAML::Node& node, const std::string& place) {
    if (!node.IsMap()) {
      fail(node, place, "expected a mapping with the keys name and library");
    }
    PluginEntry entry;
    std::set<std::string> seen;
    for (const auto& pair : node) {
      const auto key = pair.first.IsScalar() ? pair.first.Scalar() : std::string("?");
      auto key_place = place;
      key_place.append(".").append(key);
      if (!seen.insert(key).second) {
        fail(pair.first, key_place, "is given twice");
      }
      read_key(entry, key, pair.first, pair.second, key_place);
    }
    for (const auto* const needed : {"name", "library"}) {
      if (!seen.contains(needed)) {
        fail(node, place + "." + needed, "is missing");
      }
    }
    if (!names_.insert(entry.name).second) {
      fail(node, place + ".name", "another plugin is named " + entry.name + " already");
    }
    return entry;
  }

  void read_key(PluginEntry& entry, const std::string& key, const YAML::Node& key_node,
                const YAML::Node& value, const std::string& place) const {
    if (key == "name") {
      entry.name = scalar(value, place);
    } else if (key == "library") {
      entry.library = library(value, place);
    } else if (key == "enabled") {
      entry.enabled = boolean(value, place);
    } else if (key == "config") {
      read_section(entry, key_node, value);
    } else {
      fail(key_node, place, "unknown key; expected name, library, enabled or config");
    }
  }

  std::filesystem::path library(const YAML::Node& node, const std::string& place) const {
    std::filesystem::path given = scalar(node, place);
    if (given.is_absolute()) {
      return given;
    }
    if (given.has_parent_path() || given == "." || given == "..") {
      fail(node, place, "expected an absolute path, or the name of a file in plugin_dir");
    }
    if (!plugin_dir_) {
      fail(node, place,
           "is a name without a folder, so the file must also say plugin_dir: the folder it is in");
    }
    return *plugin_dir_ / given;
  }

  void read_section(PluginEntry& entry, const YAML::Node& key, const YAML::Node& value) const {
    if (value.IsNull()) {
      entry.config_origin = origin(key.Mark().line + 1);
      return;
    }
    auto section = cut_section(text_, value);
    entry.config = std::move(section.text);
    entry.config_origin = origin(section.line);
  }

  std::string origin(std::optional<int> line) const {
    return line ? file_.string() + ":" + std::to_string(*line) : file_.string();
  }

  std::string_view text_;
  std::filesystem::path file_;
  std::optional<YAML::Node> plugins_;
  std::optional<std::filesystem::path> plugin_dir_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<PluginEntry> parse_daemon_config(std::string_view text,
                                             const std::filesystem::path& file) {
  auto entries = Reader(text, file).read();
  for (auto& entry : entries) {
    if (entry.config_origin.empty()) {
      entry.config_origin = file.string();
    }
  }
  return entries;
}

std::vector<PluginEntry> load_daemon_config(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  std::array<char, 65'536> block{};
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > longest_file) {
      throw ConfigError(file.string() + ": is longer than 4 MiB");
    }
  }
  if (!stream.eof()) {
    const auto reason = std::error_code(errno, std::generic_category()).message();
    throw ConfigError(file.string() + ": cannot be read: " + reason);
  }
  return parse_daemon_config(text, file);
}

}  // namespace hwlab::cli
