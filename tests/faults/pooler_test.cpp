// PgBouncer between the plugin and its server, in transaction mode.
#include <sys/types.h>

#include <csignal>
#include <fstream>

#include "tests/faults/cluster.h"
#include "tests/faults/fault_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class PgBouncer {
 public:
  explicit PgBouncer(const Cluster& cluster) : folder_(own_folder()) {
    std::ofstream(folder_ / "users") << "\"postgres\" \"\"\n";
    std::ofstream(folder_ / "pgbouncer.ini")
        << "[databases]\npostgres = host=" << cluster.folder().string()
        << " port=5432 user=postgres\n[pgbouncer]\npool_mode = transaction\nlisten_addr =\n"
        << "unix_socket_dir = " << folder_.string() << "\nlisten_port = 6432\nauth_type = any\n"
        << "auth_file = " << (folder_ / "users").string()
        << "\ndefault_pool_size = 3\nserver_reset_query =\nserver_check_delay = 0\n"
        << "server_login_retry = 1\n";
    start();
  }
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;
  ~PgBouncer() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void start() {
    process_ = start_as_owner({"/usr/sbin/pgbouncer", "--quiet", folder_ / "pgbouncer.ini"},
                              folder_ / "log");
  }
  void stop() {
    ::kill(process_, SIGQUIT);  // at once
    wait_for_end(process_);
  }
  [[nodiscard]] std::string dsn() const {
    return "host=" + folder_.string() + " port=6432 user=postgres dbname=postgres";
  }

 private:
  std::filesystem::path folder_;
  pid_t process_ = -1;
};

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

}  // namespace
}  // namespace hwlab::test
