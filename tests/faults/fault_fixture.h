// The loaded plugin on a database that something happens to.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/load.h"
#include "tests/faults/observer.h"
#include "tests/support/gate.h"
#include "tests/support/heartbeat.h"
#include "tests/support/plugin_fixture.h"

namespace hwlab::test {

inline constexpr auto allowed_lateness = std::chrono::milliseconds(100);

class FaultTest : public testing::Test {
 protected:
  // Of the plugin's sessions; other tests may be at work on the same server.
  const std::string application = "hwlab_fault_" + std::to_string(::getpid());

  FaultTest() { fault_seed(); }

  // A plugin that finds its server by this DSN.
  host::Plugin load_plugin(const std::string& dsn, const std::string& config = {}) {
    url_.emplace("HWLAB_TEST_URL", dsn);
    auto plugin = host::Plugin::open(HWLAB_PLUGIN);
    plugin.load({.name = application,
                 .config = "dsn: { env: HWLAB_TEST_URL }\nstartup: lazy\n" + config,
                 .config_origin = "faults.yaml",
                 .log = [this](host::LogLevel, std::string_view line) { log_.add(line); }});
    return plugin;
  }

  static LoadOptions load_options() {
    LoadOptions options;
    options.seed = fault_seed();
    return options;
  }

  [[nodiscard]] Verdict judged(const Ledger& ledger, const std::string& dsn) const {
    return judge(ledger, read_contents(dsn),
                 [this](auto from, auto to) { return heartbeat_.stalled(from, to); });
  }

  // Stops the load, reads the database and expects that both agree.
  Verdict expect_agreement(Load& load, const std::string& dsn) const {
    load.stop();
    const Verdict verdict = judged(load.ledger(), dsn);
    std::cout << verdict << '\n';
    EXPECT_TRUE(verdict.is_good()) << verdict;
    EXPECT_GT(verdict.ok, 0);
    return verdict;
  }

  // How long a call took beyond `timeout`, without what this process was stalled.
  template <typename Call>
  [[nodiscard]] std::chrono::milliseconds lateness(std::chrono::milliseconds timeout,
                                                   Call call) const {
    const auto deadline = Clock::now() + timeout;
    call();
    const auto returned = Clock::now();
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        returned - deadline - heartbeat_.stalled(deadline, returned));
  }

  // What the long form of a run asks for.
  static int from_environment(const char* name, int usual) {
    const char* const given = std::getenv(name);
    return given != nullptr ? std::stoi(given) : usual;
  }
  // A server that survives the end of its processes need not sync; the long form measures with it.
  static std::string durability() {
    return std::getenv("HWLAB_FAULT_DURABLE") != nullptr ? "fsync = on" : "fsync = off";
  }

  template <typename Wanted>
  static bool comes_true(Wanted wanted,
                         std::chrono::milliseconds patience = std::chrono::seconds(60)) {
    for (const auto deadline = Clock::now() + patience; !wanted();
         std::this_thread::sleep_for(std::chrono::milliseconds(2)))
      if (Clock::now() > deadline)
        return false;
    return true;
  }

  // Calls that were not OK, the first error in words.
  static std::vector<std::string> errors_of(const Ledger& ledger) {
    std::vector<std::string> errors;
    for (const LedgerCall& call : ledger)
      if (call.outcome != Outcome::ok)
        errors.push_back(call.error);
    return errors;
  }

  Heartbeat heartbeat_;
  LogLines log_;
  std::optional<Environment> url_;
};

}  // namespace hwlab::test
