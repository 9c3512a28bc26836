// The real library, loaded as a daemon loads it, on a database of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <hwlab/plugin_host.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/database.h"
#include "tests/support/environment.h"

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
