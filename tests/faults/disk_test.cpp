// The server's disk is full.
#include <fstream>

#include "tests/faults/cluster.h"
#include "tests/faults/fault_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class Disk : public FaultTest {
 protected:
  Disk() {
    // Where the one who runs the server can read it.
    const auto library = cluster_.folder() / "no_space.so";
    std::filesystem::copy_file(HWLAB_NO_SPACE_LIBRARY, library);
    std::filesystem::permissions(library, std::filesystem::perms(0755));
    cluster_.stop(Cluster::Stop::fast);
    cluster_.set_environment(
        {"LD_PRELOAD=" + library.string(), "HWLAB_NO_SPACE=" + flag_.string()});
    cluster_.start();
  }
  void fill() { std::ofstream{flag_}; }
  void make_room() { std::filesystem::remove(flag_); }

  Cluster cluster_{{"fsync = off"}};
  std::filesystem::path flag_ = cluster_.folder() / "full";
};

TEST_F(Disk, FullIsATypedErrorAndAcknowledgesNothing) {
  const auto plugin = load_plugin(cluster_.dsn());
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  fill();
  // More than what is left of the pages that are there.
  std::mt19937_64 random(fault_seed());
  std::string large;
  while (large.size() < 200'000)
    large += std::to_string(random());
  const auto attempt = [&] {
    return host_error_of([&] {
      store.add_message({conversation, {{}, "user", large, {}, {}}, {}}, {500ms});
    });
  };
  // Now and then the deadline falls into an attempt, which is then cut: that one is not certain.
  auto error = attempt();
  for (int i = 0; error.maybe_applied() && i < 20; ++i)
    error = attempt();
  EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE) << error.what();
  EXPECT_EQ(error.sqlstate(), "53100");
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(cluster_.value("select count(*) from messages"), "0");
  make_room();
  EXPECT_EQ(store.add_message({conversation, {{}, "user", large, {}, {}}, {}}, {20s}).seq, 1);
}

TEST_F(Disk, FullUnderLoadLosesNothingAndGoesOnWithRoom) {
  const auto plugin = load_plugin(cluster_.dsn());
  auto options = load_options();
  options.least_timeout = 100ms;
  options.most_timeout = 500ms;
  Load load(plugin.conversation_store(), options);
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(load.await_ok(50));
    fill();
    EXPECT_TRUE(load.await_failed(16));
    make_room();
  }
  ASSERT_TRUE(load.await_ok(50));
  expect_agreement(load, cluster_.dsn());
}

}  // namespace
}  // namespace hwlab::test
