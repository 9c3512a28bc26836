// The commands of hwlab-host. Each loads the plugin, makes its calls and prints. Failures leave as
// exceptions: ConfigError, host::Error, OutputError.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <hwlab/plugin_host.hpp>
#include <optional>
#include <string>

#include "exit_codes.h"

namespace hwlab::cli {

struct Common {
  std::filesystem::path config;
  bool json = false;
  std::optional<std::chrono::milliseconds> timeout;  // nothing: the plugin's default
};

struct NewArguments {
  std::optional<std::string> id;
  std::string model;
  std::optional<std::string> title;
  std::optional<std::string> metadata;
};

struct AddArguments {
  std::string conversation;
  std::string role;
  std::string text;  // "-": what stdin gives
  std::optional<std::string> id;
  std::optional<std::string> metadata;
  std::optional<std::int64_t> expected_seq;
};

struct ListArguments {
  host::Order order = host::Order::started;
  std::string cursor;
  std::uint32_t limit = 0;
};

[[nodiscard]] ExitCode run_check(const Common& common);
[[nodiscard]] ExitCode run_migrate(const Common& common);
[[nodiscard]] ExitCode run_repair(const Common& common);
[[nodiscard]] ExitCode run_new(const Common& common, const NewArguments& arguments);
[[nodiscard]] ExitCode run_add(const Common& common, const AddArguments& arguments);
[[nodiscard]] ExitCode run_show(const Common& common, const host::GetConversation& wanted);
[[nodiscard]] ExitCode run_list(const Common& common, const ListArguments& arguments);
[[nodiscard]] ExitCode run_schema(const Common& common, const std::string& plugin);

}  // namespace hwlab::cli
