// Shared by the tests of the loader and of hwlab-host.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <hwlab/plugin_host.hpp>
#include <string>

namespace hwlab::test {

// A folder of its own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hwlab-host-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

// The fake plugin, loaded and misbehaving as `mode` says.
inline host::Plugin load_fake(const std::string& mode = "",
                              std::function<void(host::LogLevel, std::string_view)> log = {}) {
  auto plugin = host::Plugin::open(FAKE_PLUGIN);
  host::HostServices services;
  services.name = "test";
  services.config = "mode: " + mode + "\n";
  services.config_origin = "test.yaml:7";
  services.log = std::move(log);
  plugin.load(std::move(services));
  return plugin;
}

// The error that a call ends with.
template <class Call>
host::Error error_of(Call call) {
  try {
    call();
  } catch (const host::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return host::Error("", {});
}

}  // namespace hwlab::test
