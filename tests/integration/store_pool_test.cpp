// Does the pool keep to its bounds, and find a server that can be found?
#include <atomic>
#include <map>
#include <thread>

#include "tests/support/silent_server.h"
#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

using store::Deadline;
using namespace std::chrono_literals;

class Pool : public testing::Test {
 protected:
  // A store whose sessions can be told apart from all others.
  store::Store::ConnectionSource source(std::map<std::string, std::string> changed = {}) {
    changed.emplace("application_name", "hwlab_pool_test");
    return [base = database_.source(), changed] {
      auto options = base();
      for (const auto& [keyword, value] : changed)
        options.emplace_back(keyword, value);
      return options;
    };
  }
  std::string option(const std::string& wanted, const std::string& otherwise) {
    std::string found = otherwise;
    for (const auto& [keyword, value] : database_.source()())
      if (keyword == wanted)
        found = value;
    return found;
  }
  int sessions() {
    return std::stoi(
        database_.value("select count(*) from pg_stat_activity where datname = "
                        "current_database() and application_name = "
                        "'hwlab_pool_test'"));
  }
  // Waits until `wanted` holds; false when it never does.
  template <typename Wanted>
  static bool comes_true(Wanted wanted) {
    const auto deadline = soon();
    while (!wanted())
      if (deadline.passed())
        return false;
    return true;
  }
  static void list(store::Store& store, std::chrono::milliseconds timeout = 20s) {
    store.list(store::Order::started, "", 1, Deadline::in(timeout));
  }

  Database database_;
};

TEST_F(Pool, NeverHasMoreSessionsThanItsMost) {
  store::StoreOptions options;
  options.pool.max = 3;
  store::Store store(options, source(), no_log());
  list(store);  // migrates, on sessions of its own
  ASSERT_TRUE(comes_true([&] { return sessions() <= 3; }));
  std::atomic<bool> done = false;
  int most = 0;
  std::jthread watcher([&] {
    while (!done)
      most = std::max(most, sessions());
  });
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 16; ++i)
      callers.emplace_back([&] {
        for (int n = 0; n < 50; ++n)
          list(store);
      });
  }
  done = true;
  watcher.join();
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 1);
}

TEST_F(Pool, ReplacesASessionThatHasLivedLongEnough) {
  store::StoreOptions options;
  options.pool.max_lifetime = 300ms;
  store::Store store(options, source(), no_log());
  list(store);
  const auto oldest = [&] {
    return database_.value(
        "select min(pid) from pg_stat_activity where datname = "
        "current_database() and application_name = 'hwlab_pool_test'");
  };
  ASSERT_TRUE(comes_true([&] { return !oldest().empty(); }));
  const auto before = database_.value(
      "select string_agg(pid::text, ',' order by pid) from pg_stat_activity where datname = "
      "current_database() and application_name = 'hwlab_pool_test'");
  EXPECT_TRUE(comes_true([&] {
    return database_.value("select count(*) from pg_stat_activity where pid = any ('{" + before +
                           "}'::int[]) and application_name = 'hwlab_pool_test'") == "0";
  }));
  list(store);
}

TEST_F(Pool, ClosesWhatIsIdleBeyondItsLeast) {
  store::StoreOptions options;
  options.pool.max = 4;
  options.pool.min = 1;
  options.pool.idle_timeout = 200ms;
  store::Store store(options, source(), no_log());
  list(store);
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 16; ++i)
      callers.emplace_back([&] {
        for (int n = 0; n < 20; ++n)
          list(store);
      });
  }
  EXPECT_TRUE(comes_true([&] { return sessions() == 1; }));
}

TEST_F(Pool, SetsTheLimitsOfEachSession) {
  store::Store store({}, source(), no_log());
  for (const store::Finding& finding : store.inspect(soon())) {
    if (finding.name == "server_timeouts") {
      EXPECT_EQ(finding.level, store::Finding::Level::ok);
      EXPECT_EQ(finding.value, "statement_timeout 15s, client_connection_check_interval 2s");
    }
  }
}

TEST_F(Pool, LeavesLimitsThatTheDsnSetsAlone) {
  store::Store store({}, source({{"options", "-c statement_timeout=7s"}}), no_log());
  for (const store::Finding& finding : store.inspect(soon())) {
    if (finding.name == "server_timeouts") {
      EXPECT_NE(finding.value.find("statement_timeout 7s"), std::string::npos) << finding.value;
    }
  }
}

TEST_F(Pool, GoesOnToTheNextHostWhenOneIsSilent) {
  const SilentServer silent;
  store::StoreOptions options;
  options.pool.connect_timeout = 400ms;
  options.pool.max = 1;
  options.pool.max_lifetime = 300ms;
  store::Store store(options,
                     source({{"host", "127.0.0.1," + option("host", "")},
                             {"port", silent.port() + "," + option("port", "5432")}}),
                     no_log());
  list(store);
  const int tried = silent.connections();
  EXPECT_GE(tried, 1);
  // The host that answered is the first one from now on: sessions are replaced several times.
  std::string pid;
  for (int replaced = 0; replaced < 3;) {
    list(store);
    const auto now = database_.value(
        "select max(pid) from pg_stat_activity where datname = current_database() and "
        "application_name = 'hwlab_pool_test'");
    if (!now.empty() && now != pid) {
      pid = now;
      ++replaced;
    }
  }
  EXPECT_LE(silent.connections(), tried + 1) << "the migrator may have asked it once more";
}

TEST_F(Pool, GivesUpConnectingToASilentServerInTime) {
  const SilentServer silent;
  store::StoreOptions options;
  options.pool.connect_timeout = 200ms;
  store::Store store(options, source({{"host", "127.0.0.1"}, {"port", silent.port()}}), no_log());
  const auto start = Deadline::Clock::now();
  EXPECT_EQ(error_of([&] { store.verify(soon()); }).kind(), store::Kind::unavailable);
  EXPECT_LT(Deadline::Clock::now() - start, 5s);
  EXPECT_EQ(error_of([&] { list(store, 300ms); }).kind(), store::Kind::unavailable);
}

TEST_F(Pool, IsClosedAtOnceWhileItConnects) {
  const SilentServer silent;
  store::StoreOptions options;
  options.pool.connect_timeout = 60s;
  store::Store store(options, source({{"host", "127.0.0.1"}, {"port", silent.port()}}), no_log());
  ASSERT_TRUE(comes_true([&] { return silent.connections() > 0; }));
  const auto start = Deadline::Clock::now();
  store.stop();
  EXPECT_LT(Deadline::Clock::now() - start, 2s);
}

}  // namespace
}  // namespace hwlab::test
