// The real library, loaded as a daemon loads it, on a database of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <hwlab/plugin_host.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/database.h"

namespace hwlab::test {

// The error that `call` throws; a failure of the test when it throws none.
template <typename Call>
host::Error host_error_of(Call call) {
  try {
    call();
  } catch (const host::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {"nothing was thrown", {}};
}

// What a plugin logged. [any thread]
class LogLines {
 public:
  void add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_ += std::string(line) + "\n";
  }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::string lines_;
};

// Sets an environment variable for the time of its life; before any thread of a test starts.
class Environment {
 public:
  Environment(std::string name, const std::string& value) : name_(std::move(name)) {
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { ::unsetenv(name_.c_str()); }

 private:
  std::string name_;
};

class PluginTest : public testing::Test {
 protected:
  host::Plugin load(const std::string& config = {}) {
    auto plugin = host::Plugin::open(HWLAB_PLUGIN);
    plugin.load({.name = "plugin_integration_test",
                 .config = "dsn: { env: HWLAB_TEST_URL }\n" + config,
                 .config_origin = "test.yaml:7",
                 .log = [this](host::LogLevel, std::string_view line) { log_.add(line); }});
    return plugin;
  }

  LogLines log_;
  Database database_;
  Environment url_{"HWLAB_TEST_URL", database_.dsn()};
};

}  // namespace hwlab::test
