// The daemon's configuration file, as far as it concerns plugins.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hwlab::cli {

// A mistake in the daemon's file: ExitCode::config. what() names FILE:LINE and the key.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct PluginEntry {
  std::string name;
  std::filesystem::path library;  // absolute
  bool enabled = true;
  std::string config;         // the text of its section; empty: none
  std::string config_origin;  // "FILE:LINE" or "FILE", see hwlab_host.config_origin
};

// Reads the file. Throws ConfigError.
[[nodiscard]] std::vector<PluginEntry> load_daemon_config(const std::filesystem::path& file);

// Parses a file's text; `file` is its name in messages, and its folder is what a relative
// plugin_dir is relative to. Keys beside plugins and plugin_dir belong to the daemon. Throws
// ConfigError.
[[nodiscard]] std::vector<PluginEntry> parse_daemon_config(std::string_view text,
                                                           const std::filesystem::path& file);

}  // namespace hwlab::cli
