// The plugin comes and goes over and over, and leaves nothing behind.
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/conformance/check/process.h"
#include "tests/conformance/check/subject.h"
#include "tests/support/plugin_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class Cycles : public testing::Test {
 protected:
  struct Footprint {
    std::size_t resident_kib = check::resident_kib();
    std::size_t threads = check::thread_ids().size();
    std::size_t descriptors = check::count_descriptors();
  };
  static constexpr int one_in = 10;

  static int cycles_wanted() {
    const char* const given = std::getenv("HWLAB_FAULT_CYCLES");
    return given != nullptr ? std::stoi(given) : 200;
  }
  // Not FaultTest's, which keeps the log.
  static host::Plugin load_plugin(const std::string& url_variable) {
    auto plugin = host::Plugin::open(HWLAB_PLUGIN);
    plugin.load({.name = "cycles_test",
                 .config = "dsn: { env: " + url_variable + " }\nstartup: lazy\n",
                 .config_origin = "cycles.yaml",
                 .log = [](host::LogLevel, std::string_view) {}});
    return plugin;
  }

  // One in ten finds a server and stores a message. The others find none, so that most of them are
  // unloaded in the middle of connecting.
  void cycle(int number) {
    if (number % one_in == 0) {
      const auto plugin = load_plugin("HWLAB_TEST_URL");
      const auto store = plugin.conversation_store();
      const auto conversation = store.create_conversation({}, {60s}).id;
      EXPECT_EQ(store.add_message({conversation, {{}, "user", "x", {}, {}}, {}}, {60s}).seq, 1);
    } else {
      const auto plugin = load_plugin("HWLAB_TEST_NO_SERVER");
      const auto error = host_error_of(
          [&] { static_cast<void>(plugin.conversation_store().list_conversations({}, {1ms})); });
      EXPECT_TRUE(error.status() == HWLAB_UNAVAILABLE || error.status() == HWLAB_TIMEOUT)
          << error.what();
    }
  }

  const Database database_;
  const Environment url_{"HWLAB_TEST_URL", database_.dsn()};
  const Environment no_server_{"HWLAB_TEST_NO_SERVER", "host=/nowhere user=nobody dbname=none"};
};

TEST_F(Cycles, OfLoadCallAndUnloadLeaveNothingBehind) {
  const int cycles = cycles_wanted();
  const int first = std::min(cycles / 2, 1'000);
  int number = 0;
  cycle(number++);  // ThreadSanitizer has a thread of its own once there was a second one
  const Footprint start;
  while (number < first)
    cycle(number++);
  const Footprint early;
  while (number < cycles)
    cycle(number++);
  EXPECT_TRUE(check::comes_true(
      [&] {
        const Footprint now;
        return now.threads <= start.threads && now.descriptors <= start.descriptors;
      },
      30s));
  const Footprint end;
  EXPECT_EQ(end.threads, start.threads);
  EXPECT_EQ(end.descriptors, start.descriptors);
  // A sanitizer keeps what was freed for a while.
  if (!check::is_sanitized) {
    EXPECT_LE(end.resident_kib, early.resident_kib + 8'192);
  }
  std::cout << "REPORT cycles=" << cycles << " with_server=" << (cycles + one_in - 1) / one_in
            << " threads=" << start.threads << "," << early.threads << "," << end.threads
            << " descriptors=" << start.descriptors << "," << early.descriptors << ","
            << end.descriptors << " resident_kib=" << start.resident_kib << ","
            << early.resident_kib << "," << end.resident_kib << '\n';
}

}  // namespace
}  // namespace hwlab::test
