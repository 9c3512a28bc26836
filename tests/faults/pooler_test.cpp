// PgBouncer between the plugin and its server, in transaction mode.
#include <map>
#include <string>
#include <vector>

#include "tests/faults/cluster.h"
#include "tests/faults/fault_fixture.h"
#include "tests/faults/pgbouncer.h"
#include "tests/faults/traps.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class Pooler : public FaultTest {
 protected:
  Pooler() {
    EXPECT_TRUE(comes_true([this] {
      try {
        const pqxx::connection connection(pooler_.dsn());
        return true;
      } catch (const pqxx::broken_connection&) {
        return false;
      }
    }));
  }

  // What check says to run on the server, by the names of its lines.
  std::map<std::string, std::string> cures() {
    const auto plugin = load_plugin(pooler_.dsn());
    std::map<std::string, std::string> found;
    for (const host::Check& check : plugin.maintenance().report({20s}).checks) {
      const std::string remedy = check.remedy.value_or("");
      const auto begin = remedy.find("run 'alter role ");
      if (begin != std::string::npos)
        found[check.name] = remedy.substr(begin + 5, remedy.find("' on the server") - begin - 5);
    }
    return found;
  }
  void run_cures() {
    for (const auto& [name, statements] : cures())
      cluster_.run(statements);
    pooler_.stop();  // so that it connects anew
    pooler_.start();
  }

  Cluster cluster_{{"fsync = off"}};
  PgBouncer pooler_{cluster_};
};

TEST_F(Pooler, RestartedUnderLoadFailsNoCall) {
  const auto plugin = load_plugin(pooler_.dsn());
  Load load(plugin.conversation_store(), load_options());
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(load.await_ok(100));
    pooler_.stop();
    pooler_.start();
  }
  ASSERT_TRUE(load.await_ok(100));
  const Verdict verdict = expect_agreement(load, cluster_.dsn());
  EXPECT_EQ(verdict.failed + verdict.unknown, 0) << errors_of(load.ledger())[0];
}

TEST_F(Pooler, WhoseServerCrashesFailsNoCall) {
  const auto plugin = load_plugin(pooler_.dsn());
  Load load(plugin.conversation_store(), load_options());
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(load.await_ok(100));
    cluster_.stop(Cluster::Stop::immediate);
    cluster_.start();
  }
  ASSERT_TRUE(load.await_ok(100));
  const Verdict verdict = expect_agreement(load, cluster_.dsn());
  EXPECT_EQ(verdict.failed + verdict.unknown, 0) << errors_of(load.ledger())[0];
}

TEST_F(Pooler, SeesNoStateOfOursInItsSessions) {
  const auto plugin = load_plugin(pooler_.dsn());
  const auto state = [this] {
    // On each of the pooler's sessions with the server, with three transactions at once.
    std::string all;
    std::vector<std::unique_ptr<pqxx::connection>> connections;
    std::vector<std::unique_ptr<pqxx::work>> transactions;
    for (int i = 0; i < 3; ++i) {
      connections.push_back(std::make_unique<pqxx::connection>(pooler_.dsn()));
      transactions.push_back(std::make_unique<pqxx::work>(*connections.back()));
      all += transactions.back()
                 ->exec(
                     "select current_setting('statement_timeout') || ' ' || "
                     "current_setting('search_path') || ' ' || current_setting('lock_timeout') || "
                     "' ' || current_setting('client_connection_check_interval') || ' ' || "
                     "current_setting('transaction_isolation')")[0][0]
                 .c_str();
      all += '\n';
    }
    return all;
  };
  const auto before = state();
  Load load(plugin.conversation_store(), load_options());
  ASSERT_TRUE(load.await_ok(300));
  load.stop();
  EXPECT_EQ(state(), before);
}

TEST_F(Pooler, KeepsSettingsBackWhichCheckNamesAndCures) {
  const auto found = cures();
  std::vector<std::string> names;
  for (const auto& [name, statements] : found)
    names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"plan_cache_mode", "search_path", "server_timeouts"}));
  for (const char* const setting : {"statement_timeout", "client_connection_check_interval"})
    EXPECT_NE(found.at("server_timeouts").find(setting), std::string::npos) << setting;
  run_cures();
  EXPECT_TRUE(cures().empty());
}

TEST_F(Pooler, LetsNoPlantedFunctionInOnceTheSearchPathIsSet) {
  load_plugin(pooler_.dsn()).maintenance().migrate({20s});
  cluster_.run("create schema planted");
  cluster_.run(traps_in("planted", "postgres"));
  run_cures();
  const auto plugin = load_plugin(pooler_.dsn());
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  store.add_message({conversation, {{}, "user", "x", {}, {}}, {}}, {20s});
  store.append_messages(
      {conversation, {{{}, "user", "y", {}, {}}, {{}, "assistant", "z", {}, {}}}, 1}, {20s});
  EXPECT_EQ(store.get_conversation({conversation, 0, 0, 0, 0}, {20s}).messages().size(), 3U);
  (void)store.list_conversations({}, {20s});
  plugin.maintenance().repair({20s});
  EXPECT_EQ(cluster_.value("set search_path = pg_catalog; select count(*) from public.trapped"),
            "0");
}

}  // namespace
}  // namespace hwlab::test
