// The network between the plugin and its server loses replies, holds, or leads nowhere; the server
// freezes.
#include <poll.h>
#include <sys/types.h>

#include <csignal>
#include <future>

#include "tests/faults/cluster.h"
#include "tests/faults/fault_fixture.h"
#include "tests/support/loopback.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Fate = Gate::Fate;

class Network : public FaultTest {
 protected:
  host::Plugin load_through_gate(const std::string& config = {}) {
    return load_plugin(gate_.dsn(), config);
  }
  // A plugin that takes its server for a pooler: it leaves lost sessions alone, and so what they
  // have not yet done may still be done.
  host::Plugin load_as_behind_a_pooler() {
    gate_.turn_away("08P01", "unsupported startup parameter: options");
    auto plugin = load_through_gate();
    auto first = std::async(std::launch::async, [store = plugin.conversation_store()] {
      (void)store.list_conversations({}, {20s});
    });
    EXPECT_TRUE(gate_.comes_true([](const auto& counters) { return counters.attempts >= 2; }));
    gate_.welcome();
    first.get();
    return plugin;
  }
  static host::AddMessage hello(const std::string& conversation, const std::string& id,
                                std::optional<std::int64_t> expected_seq = std::nullopt) {
    return {conversation, {id, "user", "hello", {}, {}}, expected_seq};
  }
  static std::string new_id() { return store::to_text(store::new_uuid()); }
  [[nodiscard]] std::string rows() const {
    return database_.value("select count(*) || ' ' || coalesce(max(seq), 0) from messages");
  }
  static LoadOptions impatient() {
    auto options = load_options();
    options.least_timeout = 100ms;
    options.most_timeout = 800ms;
    return options;
  }
  static void report(const char* what, int count, const Verdict& verdict,
                     const SessionWatch* sessions = nullptr) {
    std::cout << "REPORT " << what << '=' << count << " calls=" << verdict.calls
              << " ok=" << verdict.ok << " unknown=" << verdict.unknown << " lost=" << verdict.lost
              << " doubled=" << verdict.doubled << " out_of_order=" << verdict.out_of_order
              << " latest_ms=" << verdict.latest / 1ms
              << " latest_plain_ms=" << verdict.latest_plain / 1ms;
    if (sessions != nullptr)
      std::cout << " sessions_most=" << sessions->most()
                << " sessions_above_ms=" << sessions->longest_above().count();
    std::cout << " seed=" << fault_seed() << '\n';
  }
  void await_struck(std::uint64_t count) const {
    ASSERT_TRUE(gate_.comes_true([&](const auto& counters) { return counters.struck >= count; }));
  }

  Database database_;
  Gate gate_{database_.dsn()};
};

// ---- 1: replies, requests ----

TEST_F(Network, ThatLosesTheReplyToAnAppendDoublesNothing) {
  const auto plugin = load_through_gate();
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  gate_.strike(Fate::lose_reply, is_append);
  EXPECT_EQ(store.add_message(hello(conversation, new_id()), {20s}).seq, 1);
  gate_.strike(Fate::lose_reply, is_append);
  EXPECT_EQ(store.add_message(hello(conversation, new_id(), 1), {20s}).seq, 2) << "expected_seq";
  gate_.strike(Fate::lose_reply, is_append);
  const auto turn = store.append_messages(
      {conversation, {{{}, "user", "a", {}, {}}, {{}, "assistant", "b", {}, {}}}, {}}, {20s});
  EXPECT_EQ(turn.messages[1].seq, 4);
  EXPECT_EQ(gate_.counters().struck, 3U);
  EXPECT_EQ(rows(), "4 4");
}

TEST_F(Network, ThatLosesTheReplyAndIsGoneLeavesIdsToRepeatWith) {
  const auto plugin = load_through_gate("pool: { max: 1 }\n");
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  gate_.strike(Fate::lose_reply, is_append);
  gate_.turn_away("57P03", "the database system is starting up");  // newcomers only
  const std::string id = new_id();
  const auto error = host_error_of([&] { store.add_message(hello(conversation, id), {1500ms}); });
  EXPECT_TRUE(error.maybe_applied()) << error.what();
  EXPECT_EQ(error.ids(), std::vector<std::string>{id});
  EXPECT_EQ(rows(), "1 1");
  gate_.welcome();
  const auto repeated = store.add_message(hello(conversation, id), {20s});
  EXPECT_TRUE(repeated.existed);
  EXPECT_EQ(repeated.seq, 1);
  EXPECT_EQ(rows(), "1 1");
}

TEST_F(Network, ThatLosesAndDelaysStatementsUnderLoadDoublesNothing) {
  const auto plugin = load_as_behind_a_pooler();
  Load load(plugin.conversation_store(), load_options());
  std::mt19937 random(fault_seed());
  constexpr std::array fates = {Fate::lose_reply, Fate::lose_request, Fate::keep_request};
  for (std::uint64_t strike = 1; strike <= 60; ++strike) {
    gate_.strike(fates[random() % fates.size()], is_append);
    ASSERT_NO_FATAL_FAILURE(await_struck(strike));
    // What was kept arrives after its repetition, or before it.
    if (random() % 2 == 0) {
      ASSERT_TRUE(load.await_ok(3));
    }
    gate_.release_kept();
  }
  const Verdict verdict = expect_agreement(load, database_.dsn());
  EXPECT_EQ(verdict.failed + verdict.unknown, 0) << "each had 20 s";
}

TEST_F(Network, ThatDeliversTheFirstAttemptLateKeepsExpectedSeq) {
  const auto plugin = load_as_behind_a_pooler();
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  // The first attempt is still under way when the second one is sent ...
  gate_.strike(Fate::keep_request, is_append);
  EXPECT_EQ(store.add_message(hello(conversation, new_id(), 0), {20s}).seq, 1);
  gate_.release_kept();
  ASSERT_TRUE(gate_.comes_true([](const auto& counters) { return counters.answered == 1; }));
  EXPECT_EQ(rows(), "1 1");
  // ... or runs before anybody could look.
  gate_.strike(Fate::keep_request, is_append);
  auto second = std::async(std::launch::async, [&] {
    return store.add_message(hello(conversation, new_id(), 1), {20s}).seq;
  });
  ASSERT_NO_FATAL_FAILURE(await_struck(2));
  gate_.release_kept();
  EXPECT_EQ(second.get(), 2);
  EXPECT_TRUE(gate_.comes_true([](const auto& counters) { return counters.answered == 2; }));
  EXPECT_EQ(rows(), "2 2");
}

TEST_F(Network, ThatHoldsTheFirstAttemptBackDeliversItToAnEndedSession) {
  const auto plugin = load_through_gate();
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  gate_.strike(Fate::keep_request, is_append);
  EXPECT_EQ(store.add_message(hello(conversation, new_id(), 0), {20s}).seq, 1);
  const auto sessions = [this] {
    return database_.value("select count(*) from pg_stat_activity where application_name = '" +
                           application + "'");
  };
  EXPECT_TRUE(comes_true([&] { return sessions() == "1"; })) << sessions();
  gate_.release_kept();
  EXPECT_EQ(store.add_message(hello(conversation, new_id(), 1), {20s}).seq, 2);
  EXPECT_EQ(rows(), "2 2");
}

TEST_F(Network, ThatIsCutAtAnyByteDoublesNothing) {
  const auto plugin = load_through_gate();
  Load load(plugin.conversation_store(), load_options());
  std::mt19937 random(fault_seed());
  for (std::uint64_t cut = 1; cut <= 60; ++cut) {
    gate_.cut_after(random() % 2 == 0 ? Gate::From::client : Gate::From::server,
                    1 + random() % 2000);
    ASSERT_TRUE(gate_.comes_true([&](const auto& counters) { return counters.cut >= cut; }));
  }
  const Verdict verdict = expect_agreement(load, database_.dsn());
  EXPECT_EQ(verdict.failed + verdict.unknown, 0) << "each had 20 s";
}

// ---- 2: a frozen server ----

class Frozen : public Network {};

TEST_F(Frozen, ServerHoldsNobodyBeyondTheDeadline) {
  Cluster cluster({durability()});
  const auto plugin = load_plugin(cluster.dsn());
  Load load(plugin.conversation_store(), impatient());
  const int rounds = from_environment("HWLAB_FAULT_CYCLES", 3);
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(load.await_ok(50));
    cluster.freeze();
    ASSERT_TRUE(load.await_failed(16)) << "two of each writer";
    cluster.thaw();
  }
  ASSERT_TRUE(load.await_ok(50));
  const Verdict verdict = expect_agreement(load, cluster.dsn());
  EXPECT_GT(verdict.failed + verdict.unknown, 0);
  report("freezes", rounds, verdict);
}

TEST_F(Frozen, BackendHoldsItsOwnCallersOnly) {
  const auto plugin = load_plugin(database_.dsn());
  Load load(plugin.conversation_store(), impatient());
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(load.await_ok(50));
    const auto pid = static_cast<pid_t>(
        std::stol(database_.value("select min(pid) from pg_stat_activity where datname = "
                                  "current_database() and application_name = '" +
                                  application + "'")));
    ::kill(pid, SIGSTOP);
    // It may hold a conversation's row, or a lock that everybody needs for a moment.
    EXPECT_TRUE(load.await_failed(1));
    ::kill(pid, SIGCONT);
  }
  ASSERT_TRUE(load.await_ok(50));
  expect_agreement(load, database_.dsn());
}

// ---- 3 and 4: black holes ----

TEST_F(Network, ThatSwallowsEverythingHoldsNobodyBeyondTheDeadline) {
  SessionWatch sessions(database_.dsn(), application, 4);
  const auto plugin = load_through_gate();
  Load load(plugin.conversation_store(), impatient());
  const int rounds = from_environment("HWLAB_FAULT_CYCLES", 3);
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(load.await_ok(50));
    gate_.black_hole();  // new connections lead to the server
    ASSERT_TRUE(load.await_ok(50)) << "those in the hole were not given up";
  }
  gate_.hold();  // new ones are silent too
  ASSERT_TRUE(load.await_failed(16));
  gate_.forward();
  ASSERT_TRUE(load.await_ok(50));
  gate_.reset();  // else the server holds what it never got to the end of
  const Verdict verdict = expect_agreement(load, database_.dsn());
  sessions.stop();
  EXPECT_LE(sessions.longest_above(), 1s) << "at most " << sessions.most();
  report("black_holes", rounds, verdict, &sessions);
}

TEST_F(Network, ThatSwallowsEverythingLetsThePluginGo) {
  auto plugin = load_through_gate();
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  gate_.hold();
  const auto sent = gate_.counters().to_server;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      const auto error =
          host_error_of([&] { store.add_message(hello(conversation, new_id()), {60s}); });
      EXPECT_TRUE(error.status() == HWLAB_TIMEOUT || error.status() == HWLAB_STOPPED)
          << error.what();
    });
  ASSERT_TRUE(
      gate_.comes_true([&](const auto& counters) { return counters.to_server > sent + 100; }));
  EXPECT_LE(lateness(300ms, [&] { plugin.unload(300ms); }), allowed_lateness);
}

// A port where connections are neither accepted nor refused: the queue of a listener that nobody
// accepts from is full.
class FullQueue {
 public:
  FullQueue() {
    ::listen(listener_, 0);
    for (bool is_full = false; !is_full;) {
      waiting_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(waiting_.back(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
      pollfd entry{.fd = waiting_.back(), .events = POLLOUT, .revents = 0};
      is_full = ::poll(&entry, 1, 200) == 0;
    }
  }
  FullQueue(const FullQueue&) = delete;
  FullQueue& operator=(const FullQueue&) = delete;
  ~FullQueue() {
    ::close(listener_);
    for (const int socket : waiting_)
      ::close(socket);
  }
  [[nodiscard]] std::string port() const { return std::to_string(ntohs(address_.sin_port)); }

 private:
  static int bound(sockaddr_in& address) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(socket, reinterpret_cast<const sockaddr*>(&address), length);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
    return socket;
  }
  sockaddr_in address_{};
  int listener_ = bound(address_);
  std::vector<int> waiting_;
};

TEST_F(Network, ThatLeadsNowhereHoldsNobodyBeyondTheDeadline) {
  const FullQueue nowhere;
  auto plugin = load_plugin("host=127.0.0.1 user=x dbname=x port=" + nowhere.port());
  const auto store = plugin.conversation_store();
  for (const milliseconds timeout : {50ms, 200ms, 600ms}) {
    EXPECT_LE(lateness(timeout,
                       [&] {
                         const auto error =
                             host_error_of([&] { (void)store.list_conversations({}, {timeout}); });
                         EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE) << error.what();
                       }),
              allowed_lateness);
  }
  EXPECT_LE(lateness(100ms, [&] { plugin.unload(100ms); }), allowed_lateness);
}

TEST_F(Network, ThatAcceptsAndIsSilentIsAskedOnceInAWhile) {
  gate_.ignore();
  auto plugin = load_through_gate("pool: { connect_timeout: 200ms }\n");
  const auto store = plugin.conversation_store();
  std::vector<std::jthread> callers;
  for (int i = 0; i < 32; ++i)
    callers.emplace_back([&] {
      EXPECT_LE(lateness(2s,
                         [&] {
                           const auto error =
                               host_error_of([&] { (void)store.list_conversations({}, {2s}); });
                           EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE) << error.what();
                         }),
                allowed_lateness);
    });
  callers.clear();
  // One at a time, however many wait; the migration has a connection of its own.
  EXPECT_LE(gate_.counters().attempts, 2 * 11U);
  gate_.welcome();
  (void)store.list_conversations({}, {20s});
}

TEST_F(Network, ThatRefusesIsAskedAtGrowingIntervals) {
  gate_.turn_away("57P03", "the database system is starting up");
  auto plugin = load_through_gate();
  const auto store = plugin.conversation_store();
  const auto error = host_error_of([&] { (void)store.list_conversations({}, {2s}); });
  EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE);
  // Pauses of 10, 20, 40 ... 250 ms, of which at least half is kept: of the connector, and of the
  // migration.
  EXPECT_LE(gate_.counters().attempts, 2 * 24U);
  gate_.welcome();
  (void)store.list_conversations({}, {20s});
}

}  // namespace
}  // namespace hwlab::test
