// A primary and its standby: failover under load, the old primary's return, commits that wait for
// the standby.
#include <csignal>
#include <memory>

#include "tests/faults/cluster.h"
#include "tests/faults/fault_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> settings = {"fsync = off", "wal_log_hints = on",
                                           "wal_keep_size = 64MB"};

class Failover : public FaultTest {
 protected:
  Failover() { start_pair(); }

  void start_pair() {
    standby_.reset();
    primary_ = std::make_unique<Cluster>(settings);
    make_standby();
  }
  // A new standby of the primary; from then on commits wait for it.
  void make_standby() {
    standby_ = std::make_unique<Cluster>(Cluster::StandbyOf{*primary_, "standby"}, settings);
    standby_->start();
    primary_->set("synchronous_standby_names = 'standby'");
    primary_->reload();
    ASSERT_TRUE(comes_true([this] {
      return primary_->value(
                 "select count(*) from pg_stat_replication where sync_state = 'sync'") == "1";
    }));
  }
  [[nodiscard]] std::string both() const {
    return "host=" + primary_->folder().string() + "," + standby_->folder().string() +
           " port=5432,5432 user=postgres dbname=postgres target_session_attrs=read-write";
  }

  std::unique_ptr<Cluster> primary_;
  std::unique_ptr<Cluster> standby_;
};

TEST_F(Failover, LosesNothingThatWasAcknowledged) {
  const int cycles = from_environment("HWLAB_FAULT_CYCLES", 1);
  Verdict sum;
  std::size_t failed = 0;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    if (cycle > 0)
      start_pair();
    const auto plugin = load_plugin(both());
    auto options = load_options();
    // Longer than any failover, on a machine that others keep busy too.
    options.least_timeout = options.most_timeout = 60s;
    options.writers = from_environment("HWLAB_FAULT_WRITERS", 8);
    Load load(plugin.conversation_store(), options);
    ASSERT_TRUE(load.await_ok(100));
    primary_->stop(Cluster::Stop::kill);
    // Once it is promoted it has no standby of its own to wait for.
    standby_->promote();
    ASSERT_TRUE(load.await_ok(100)) << "not led to the new primary";

    // The old one comes back, and takes itself for the primary still: with the same settings its
    // commits wait for a standby that has gone, so nothing is acknowledged there. Nobody goes there
    // as long as the new one answers.
    primary_->start();
    ASSERT_TRUE(load.await_ok(100));
    EXPECT_EQ(primary_->value("select count(*) from pg_stat_activity where application_name = '" +
                              application + "'"),
              "0");
    primary_->stop(Cluster::Stop::immediate);
    const Verdict verdict = expect_agreement(load, standby_->dsn());
    failed += errors_of(load.ledger()).size();
    sum += verdict;
  }
  EXPECT_EQ(failed, 0U) << "each had 60 s";
  std::cout << "REPORT failovers=" << cycles << " calls=" << sum.calls << " ok=" << sum.ok
            << " unknown=" << sum.unknown << " lost=" << sum.lost << " doubled=" << sum.doubled
            << " out_of_order=" << sum.out_of_order << " failed_calls=" << failed
            << " latest_ms=" << sum.latest / 1ms << " seed=" << fault_seed() << '\n';
}

TEST_F(Failover, LeavesASessionOnAServerThatBecameReadOnly) {
  const auto plugin = load_plugin(primary_->dsn());
  Load load(plugin.conversation_store(), load_options());
  ASSERT_TRUE(load.await_ok(20));
  // As a demoted primary: sessions live on, and refuse to write.
  const auto set_read_only = [this](const std::string& value) {
    primary_->set("default_transaction_read_only = " + value);
    primary_->reload();
    ASSERT_TRUE(
        comes_true([&] { return primary_->value("show default_transaction_read_only") == value; }));
  };
  set_read_only("on");
  set_read_only("off");
  ASSERT_TRUE(load.await_ok(20));
  expect_agreement(load, primary_->dsn());
  EXPECT_TRUE(errors_of(load.ledger()).empty()) << errors_of(load.ledger())[0];
}

// A commit that is done here and waits for the standby is visible already.
class CommitThatWaits : public Failover {
 protected:
  // Appends while the standby is frozen; `cut` is done once the commit waits.
  template <typename Cut>
  void append_and(Cut cut) {
    const auto plugin = load_plugin(primary_->dsn());
    const auto store = plugin.conversation_store();
    const auto conversation = store.create_conversation({}, {20s}).id;
    standby_->freeze();
    std::atomic<bool> is_answered = false;
    std::jthread caller([&] {
      const auto appended = store.add_message({conversation, {{}, "user", "x", {}, {}}, {}}, {60s});
      is_answered = true;
      EXPECT_EQ(appended.seq, 1);
    });
    ASSERT_TRUE(comes_true([this] { return waiting() == "1"; }));
    cut();
    // It is looked up, or sent again, and that waits for the standby as the first attempt did.
    ASSERT_TRUE(comes_true([this] { return waiting() != "0"; }));
    EXPECT_FALSE(is_answered) << "acknowledged, and on one machine only";
    standby_->thaw();
    caller.join();
    EXPECT_EQ(primary_->value("select count(*) || ' ' || max(seq) from messages"), "1 1");
    ASSERT_TRUE(
        comes_true([this] { return standby_->value("select count(*) from messages") == "1"; }));
  }
  [[nodiscard]] std::string waiting() const {
    try {
      return primary_->value("select count(*) from pg_stat_activity where wait_event = 'SyncRep'");
    } catch (const pqxx::broken_connection&) {
      return "0";  // it recovers
    }
  }
};

TEST_F(CommitThatWaits, AndIsTerminatedIsNotAcknowledgedBeforeTheStandbyHasIt) {
  append_and([this] {
    primary_->run(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = "
        "'SyncRep'");
  });
}

TEST_F(CommitThatWaits, AndCrashesIsNotAcknowledgedBeforeTheStandbyHasIt) {
  append_and([this] {
    primary_->stop(Cluster::Stop::immediate);
    primary_->start();
  });
}

}  // namespace
}  // namespace hwlab::test
