// The server stops as in a crash, loses single backends, or ends everybody's session, while many
// write.
#include <sys/types.h>

#include <csignal>

#include "tests/faults/cluster.h"
#include "tests/faults/fault_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class Crash : public FaultTest {
 protected:
  // What must come true at all. How soon is a figure, which a busy machine must not fail on.
  static constexpr auto patience = 60s;

  struct Outage {
    Clock::time_point down;
    Clock::time_point ready;
  };

  // From the server being ready to the first OK, of each outage; without what this process was
  // stalled.
  [[nodiscard]] std::vector<milliseconds> until_first_ok(const Ledger& ledger,
                                                         const std::vector<Outage>& outages) const {
    std::vector<milliseconds> times;
    for (const Outage& outage : outages) {
      auto first = Clock::time_point::max();
      for (const LedgerCall& call : ledger)
        if (call.outcome == Outcome::ok && call.returned > outage.down)
          first = std::min(first, call.returned);
      times.push_back(
          std::max(0ms, std::chrono::ceil<milliseconds>(first - outage.ready -
                                                        heartbeat_.stalled(outage.ready, first))));
    }
    std::sort(times.begin(), times.end());
    return times;
  }

  void report(const Verdict& verdict, const Ledger& ledger, const std::vector<Outage>& outages,
              const SessionWatch& sessions, std::size_t failed_calls) const {
    const auto first_ok = until_first_ok(ledger, outages);
    Clock::duration longest{0};
    for (const Outage& outage : outages)
      longest = std::max(longest, outage.ready - outage.down);
    std::cout << "REPORT crashes=" << first_ok.size() << " "
              << "calls=" << verdict.calls << " ok=" << verdict.ok << " unknown=" << verdict.unknown
              << " lost=" << verdict.lost << " doubled=" << verdict.doubled
              << " out_of_order=" << verdict.out_of_order << " failed_calls=" << failed_calls
              << " latest_ms=" << verdict.latest / 1ms
              << " latest_plain_ms=" << verdict.latest_plain / 1ms
              << " first_ok_median_ms=" << first_ok[first_ok.size() / 2].count()
              << " first_ok_max_ms=" << first_ok.back().count()
              << " outage_max_ms=" << longest / 1ms << " sessions_most=" << sessions.most()
              << " sessions_above_ms=" << sessions.longest_above().count()
              << " seed=" << fault_seed() << '\n';
  }

  auto patient_load() {
    auto options = load_options();
    // Longer than any outage, on a machine that others keep busy too.
    options.least_timeout = 60s;
    options.most_timeout = 90s;
    options.writers = from_environment("HWLAB_FAULT_WRITERS", 16);
    return options;
  }
};

TEST_F(Crash, OfTheServerLosesAndDoublesNothingAndFailsNoCall) {
  Cluster cluster({durability()});
  std::mt19937 random(fault_seed());
  auto plugin = load_plugin(cluster.dsn());
  Load load(plugin.conversation_store(), patient_load());
  SessionWatch sessions(cluster.dsn(), application, 4);
  std::vector<Outage> outages;
  for (int cycle = 0; cycle < from_environment("HWLAB_FAULT_CYCLES", 5); ++cycle) {
    ASSERT_TRUE(load.await_ok(1 + static_cast<int>(random() % 400)));
    cluster.stop(Cluster::Stop::immediate);
    const auto down = Clock::now();
    cluster.launch();
    cluster.await_ready();
    outages.push_back({down, Clock::now()});
  }
  ASSERT_TRUE(load.await_ok(100));
  sessions.stop();
  const Verdict verdict = expect_agreement(load, cluster.dsn());
  const auto errors = errors_of(load.ledger());
  EXPECT_TRUE(errors.empty()) << errors.size() << ", the first: " << errors[0];
  const auto first_ok = until_first_ok(load.ledger(), outages);
  EXPECT_LE(first_ok.back(), patience) << "the figure is 1 s; the report tells it";
  EXPECT_LE(sessions.longest_above(), patience) << "the figure is 1 s; the report tells it";
  report(verdict, load.ledger(), outages, sessions, errors.size());
}

TEST_F(Crash, OfOneBackendIsNoStormOfConnections) {
  Cluster cluster({durability()});
  std::mt19937 random(fault_seed());
  Gate gate(cluster.dsn());
  auto plugin = load_plugin(gate.dsn());
  Load load(plugin.conversation_store(), patient_load());
  SessionWatch sessions(cluster.dsn(), application, 4);
  std::vector<Outage> outages;
  for (int cycle = 0; cycle < from_environment("HWLAB_FAULT_CYCLES", 5); ++cycle) {
    ASSERT_TRUE(load.await_ok(1 + static_cast<int>(random() % 400)));
    const auto before = gate.counters().attempts;
    const auto backend = static_cast<pid_t>(std::stol(cluster.value(
        "select max(pid) from pg_stat_activity where application_name = '" + application + "'")));
    // The server ends every session (57P02) and recovers (57P03) when one was killed.
    ::kill(backend, SIGKILL);
    ASSERT_TRUE(comes_true([&] { return ::kill(backend, 0) != 0; }));
    const auto down = Clock::now();
    cluster.await_ready();
    outages.push_back({down, Clock::now()});
    ASSERT_TRUE(load.await_ok(100));
    // Attempts are 5 to 250 ms apart while it recovers; then the pool is filled again.
    const auto outage = Clock::now() - down;
    EXPECT_LE(gate.counters().attempts - before, 16U + 10U * (outage / 1s)) << outage / 1ms;
  }
  sessions.stop();
  const Verdict verdict = expect_agreement(load, cluster.dsn());
  const auto errors = errors_of(load.ledger());
  EXPECT_TRUE(errors.empty()) << errors.size() << ", the first: " << errors[0];
  EXPECT_LE(sessions.longest_above(), patience) << "the figure is 1 s; the report tells it";
  report(verdict, load.ledger(), outages, sessions, errors.size());
}

TEST_F(Crash, OfAllSessionsTenTimesASecondTearsNoTurn) {
  const Database database;
  auto plugin = load_plugin(database.dsn());
  Load load(plugin.conversation_store(), load_options());
  for (int round = 0; round < from_environment("HWLAB_FAULT_CYCLES", 30); ++round) {
    database.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = "
        "current_database() and pid <> pg_backend_pid(); select pg_sleep(0.1)");
  }
  const Verdict verdict = expect_agreement(load, database.dsn());
  EXPECT_EQ(verdict.failed + verdict.unknown, 0) << "each had 20 s";
}

}  // namespace
}  // namespace hwlab::test
