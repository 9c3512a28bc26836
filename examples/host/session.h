// The plugins that a daemon's file enables, opened and loaded as the daemon would.
#pragma once

#include <filesystem>
#include <hwlab/plugin_host.hpp>
#include <string>
#include <vector>

#include "daemon_config.h"

namespace hwlab::cli {

class Session {
 public:
  // Reads the file and opens the libraries; no code of a plugin is called. Throws ConfigError and
  // host::Error.
  explicit Session(const std::filesystem::path& config);

  // Loads all of them. Throws ConfigError when none of them, or more than one, keeps conversations.
  void load();

  // The one that keeps conversations; before load() the first that is enabled.
  [[nodiscard]] const host::Plugin& plugin() const { return opened_[provider_].plugin; }
  [[nodiscard]] const PluginEntry& entry() const { return opened_[provider_].entry; }

 private:
  struct Opened {
    PluginEntry entry;
    host::Plugin plugin;
  };
  std::filesystem::path config_;
  std::vector<Opened> opened_;  // never empty
  std::size_t provider_ = 0;
};

// The JSON Schema of a plugin's section; no instance is loaded. `name` is the plugin's in the file;
// empty: the only one that is enabled. Throws as Session does, and UNSUPPORTED when it has none.
[[nodiscard]] std::string read_schema(const std::filesystem::path& config, const std::string& name);

}  // namespace hwlab::cli
