#include "session.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "output.h"

namespace hwlab::cli {
namespace {

void log_line(host::LogLevel level, std::string_view line) {
  constexpr std::array<std::string_view, 6> names{"trace", "debug", "info",
                                                  "warn",  "error", "critical"};
  say(std::string(names.at(static_cast<std::size_t>(level))) + ": " + std::string(line));
}

host::HostServices services_for(const PluginEntry& entry) {
  host::HostServices services;
  services.name = "hwlab-host";
  services.config = entry.config;
  services.config_origin = entry.config_origin;
  services.log = log_line;
  return services;
}

}  // namespace

Session::Session(const std::filesystem::path& config) : config_(config) {
  for (auto& entry : load_daemon_config(config)) {
    if (entry.enabled) {
      auto plugin = host::Plugin::open(entry.library);
      opened_.push_back({std::move(entry), std::move(plugin)});
    }
  }
  if (opened_.empty()) {
    throw ConfigError(config.string() +
                      ": plugins: no plugin is enabled, so nothing keeps "
                      "conversations");
  }
}

void Session::load() {
  std::optional<std::size_t> provider;
  for (std::size_t i = 0; i < opened_.size(); ++i) {
    auto& opened = opened_[i];
    opened.plugin.load(services_for(opened.entry));
    if (!opened.plugin.offers(HWLAB_CONVERSATION_STORE)) {
      continue;
    }
    if (provider) {
      throw ConfigError(config_.string() + ": plugins: both " + opened_[*provider].entry.name +
                        " and " + opened.entry.name + " keep conversations; disable one of them");
    }
    provider = i;
  }
  if (!provider) {
    throw ConfigError(config_.string() + ": plugins: none of those enabled keeps conversations");
  }
  provider_ = *provider;
}

std::string read_schema(const std::filesystem::path& config, const std::string& name) {
  auto entries = load_daemon_config(config);
  std::erase_if(entries, [&name](const PluginEntry& entry) {
    return name.empty() ? !entry.enabled : entry.name != name;
  });
  if (entries.size() != 1) {
    throw ConfigError(config.string() + ": plugins: " +
                      (!name.empty()     ? "there is no plugin named " + name
                       : entries.empty() ? "no plugin is enabled"
                                         : "several are enabled, say which with --plugin NAME"));
  }
  const auto plugin = host::Plugin::open(entries.front().library);
  const auto schema = plugin.config_schema();
  if (!schema) {
    host::Failure failure;
    failure.status = HWLAB_UNSUPPORTED;
    throw host::Error("the plugin " + entries.front().name + " does not describe its configuration",
                      std::move(failure));
  }
  return std::string(*schema);
}

}  // namespace hwlab::cli
