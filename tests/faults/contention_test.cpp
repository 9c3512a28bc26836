// Others are in the way: locks, used up connections, and callers whose messages cannot be stored.
#include <latch>

#include "tests/faults/cluster.h"
#include "tests/faults/fault_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class Contention : public FaultTest {
 protected:
  static host::AddMessage message(const std::string& conversation, std::string_view content) {
    return {conversation, {{}, "user", content, {}, {}}, {}};
  }
  [[nodiscard]] int waiting_for_locks() const {
    return std::stoi(
        database_.value("select count(*) from pg_stat_activity where datname = "
                        "current_database() and wait_event_type = 'Lock'"));
  }

  Database database_;
};

// ---- 8: the guilty one ----

TEST_F(Contention, BetweenGoodAndBadCallersFailsTheBadOnesOnly) {
  const auto plugin = load_plugin(database_.dsn());
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  const auto taken = store.add_message(message(conversation, "the first"), {20s}).id;
  // The server takes everything but this, and says so in the middle of a statement.
  database_.run("alter table messages add constraint no_poison check (content <> 'poison')");
  std::latch together(24);
  std::vector<std::jthread> callers;
  std::atomic<int> good = 0;
  for (int i = 0; i < 24; ++i)
    callers.emplace_back([&, i] {
      together.arrive_and_wait();
      for (int round = 0; round < 20; ++round) {
        switch (i % 8) {
          case 0:
            EXPECT_EQ(host_error_of([&] {
                        store.add_message(message(conversation, "poison"), {20s});
                      }).status(),
                      HWLAB_INVALID);
            break;
          case 1:
            EXPECT_EQ(
                host_error_of([&] {
                  store.add_message({conversation, {taken, "user", "other", {}, {}}, {}}, {20s});
                }).status(),
                HWLAB_CONFLICT);
            break;
          case 2:
            EXPECT_EQ(host_error_of([&] {
                        store.add_message(message("6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55", "x"),
                                          {20s});
                      }).status(),
                      HWLAB_NOT_FOUND);
            break;
          default:
            store.add_message(message(conversation, "good"), {20s});
            ++good;
        }
      }
    });
  callers.clear();
  EXPECT_EQ(good, 15 * 20);
  EXPECT_EQ(database_.value("select count(*) || ' ' || max(seq) from messages"), "301 301");
}

TEST_F(Contention, ForAnIdOfAnotherConversationIsAConflict) {
  const auto plugin = load_plugin(database_.dsn());
  const auto store = plugin.conversation_store();
  const auto first = store.create_conversation({}, {20s}).id;
  const auto second = store.create_conversation({}, {20s}).id;
  const auto id = store.add_message(message(first, "x"), {20s}).id;
  const auto error = host_error_of([&] {
    store.add_message({second, {id, "user", "x", {}, {}}, {}}, {20s});
  });
  EXPECT_EQ(error.status(), HWLAB_CONFLICT) << error.what();
  EXPECT_FALSE(error.maybe_applied());
  EXPECT_EQ(store.add_message(message(second, "x"), {20s}).seq, 1) << "a number was used up";
}

TEST_F(Contention, OfShortAndLongDeadlinesHarmsTheShortOnesOnly) {
  Gate gate(database_.dsn());
  const auto plugin = load_plugin(gate.dsn(), "pool: { max: 2 }\n");
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  gate.delay(100ms);
  auto patient = load_options();
  Load load(store, patient);
  ASSERT_TRUE(load.await_ok(8));
  for (int i = 0; i < 20; ++i) {
    EXPECT_LE(
        lateness(
            50ms,
            [&] {
              const auto error =
                  host_error_of([&] { store.add_message(message(conversation, "x"), {50ms}); });
              EXPECT_TRUE(error.status() == HWLAB_TIMEOUT || error.status() == HWLAB_UNAVAILABLE)
                  << error.what();
            }),
        allowed_lateness);
  }
  load.stop();
  const auto errors = errors_of(load.ledger());
  EXPECT_TRUE(errors.empty()) << errors.size() << ", the first: " << errors[0];
}

// ---- 11: no connection left ----

TEST_F(Contention, ForConnectionsIsUnavailableByTheDeadlineAndNoStorm) {
  Cluster cluster({"fsync = off", "max_connections = 10", "max_wal_senders = 0"});
  Gate gate(cluster.dsn());
  const auto plugin = load_plugin(gate.dsn());
  const auto store = plugin.conversation_store();
  (void)store.list_conversations({}, {20s});
  gate.reset();
  std::vector<std::unique_ptr<pqxx::connection>> others;
  try {
    for (;;)
      others.push_back(std::make_unique<pqxx::connection>(cluster.dsn()));
  } catch (const pqxx::broken_connection&) {
    // Now they are all taken.
  }
  gate.reset();  // the pool may have been faster
  try {
    for (;;)
      others.push_back(std::make_unique<pqxx::connection>(cluster.dsn()));
  } catch (const pqxx::broken_connection&) {
  }
  const auto before = gate.counters().attempts;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 16; ++i)
    callers.emplace_back([&] {
      EXPECT_LE(lateness(2s,
                         [&] {
                           const auto error =
                               host_error_of([&] { (void)store.list_conversations({}, {2s}); });
                           EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE) << error.what();
                           EXPECT_TRUE(error.retryable());
                         }),
                allowed_lateness);
    });
  callers.clear();
  EXPECT_LE(gate.counters().attempts - before, 26U) << "10, 20, 40 ... 250 ms, at least half of it";
  others.clear();
  (void)store.list_conversations({}, {20s});
}

// ---- 13: locks ----

TEST_F(Contention, ForOneConversationLeavesTheOthersAlone) {
  const auto plugin = load_plugin(database_.dsn());
  const auto store = plugin.conversation_store();
  const auto held = store.create_conversation({}, {20s}).id;
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select from conversations where id = '" + held + "' for update");
  Load load(store, load_options());
  SessionWatch sessions(database_.dsn(), application, 4);
  // More of them than there are connections.
  std::vector<std::jthread> callers;
  for (int i = 0; i < 6; ++i)
    callers.emplace_back([&] {
      EXPECT_LE(
          lateness(
              1s,
              [&] {
                const auto error =
                    host_error_of([&] { store.add_message(message(held, "x"), {1s}); });
                EXPECT_TRUE(error.status() == HWLAB_TIMEOUT || error.status() == HWLAB_UNAVAILABLE)
                    << error.what();
              }),
          allowed_lateness);
    });
  ASSERT_TRUE(comes_true([&] { return waiting_for_locks() > 0; }));
  EXPECT_TRUE(load.await_ok(50, 10s)) << "others wait for one conversation that is held";
  callers.clear();
  ASSERT_TRUE(load.await_ok(50));
  sessions.stop();
  load.stop();
  const auto errors = errors_of(load.ledger());
  EXPECT_TRUE(errors.empty()) << errors.size() << ", the first: " << errors[0];
  EXPECT_LE(sessions.longest_above(), 1s) << sessions.most();
}

TEST_F(Contention, ForAWholeTableKeepsToTheDeadlinesAndThePool) {
  const auto plugin = load_plugin(database_.dsn());
  const auto store = plugin.conversation_store();
  auto impatient = load_options();
  impatient.least_timeout = 100ms;
  impatient.most_timeout = 500ms;
  (void)store.list_conversations({}, {20s});
  Load load(store, impatient);
  ASSERT_TRUE(load.await_ok(20));
  SessionWatch sessions(database_.dsn(), application, 4);
  {
    pqxx::connection other(database_.dsn());
    pqxx::work holder(other);
    holder.exec("lock table messages in access exclusive mode");
    ASSERT_TRUE(load.await_failed(60));
  }
  ASSERT_TRUE(load.await_ok(20));
  sessions.stop();
  EXPECT_LE(sessions.longest_above(), 1s)
      << "up to " << sessions.most() << " sessions: those that were cut off stay behind";
  expect_agreement(load, database_.dsn());
}

TEST_F(Contention, OfTwoProcessesForTheSameConversationsFailsNoCall) {
  const auto first = load_plugin(database_.dsn());
  const auto second = load_plugin(database_.dsn());
  auto options = load_options();
  Load load(first.conversation_store(), options);
  options.seed += 1000;
  options.first_writer = 1000;
  options.share_with = &load;
  Load other(second.conversation_store(), options);
  ASSERT_TRUE(load.await_ok(500));
  ASSERT_TRUE(other.await_ok(500));
  load.stop();
  other.stop();
  Ledger ledger = load.ledger();
  const Ledger more = other.ledger();
  ledger.insert(ledger.end(), more.begin(), more.end());
  const Verdict verdict = judged(ledger, database_.dsn());
  EXPECT_TRUE(verdict.is_good()) << verdict;
  EXPECT_EQ(verdict.failed + verdict.unknown, 0) << errors_of(ledger)[0];
}

}  // namespace
}  // namespace hwlab::test
