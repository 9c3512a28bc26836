// Does the judge find what is wrong? It is given ledgers and databases that were forged.
#include <gtest/gtest.h>

#include "tests/faults/ledger.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class Judgement : public testing::Test {
 protected:
  // Two writers in one conversation: single messages, a turn of two, one that failed, one of which
  // nobody knows.
  Judgement() {
    send(0, {"a"}, Outcome::ok, 1);
    send(1, {"b", "c"}, Outcome::ok, 2);
    send(0, {"d"}, Outcome::fail, 0);
    send(1, {"e"}, Outcome::unknown, 0);
    send(0, {"f"}, Outcome::ok, 4);
    for (const char* const id : {"a", "b", "c", "f"})
      store(id);
  }

  void send(int writer, const std::vector<std::string>& ids, Outcome outcome, std::int64_t seq) {
    LedgerCall call{.writer = writer,
                    .conversation = "C",
                    .messages = {},
                    .outcome = outcome,
                    .invoked = now_,
                    .returned = now_ + 20ms,
                    .timeout = 50ms,
                    .error = {}};
    for (const std::string& id : ids)
      call.messages.push_back({id, "user", "content of " + id, seq == 0 ? 0 : seq++});
    ledger_.push_back(call);
  }
  void store(const std::string& id) {
    auto& conversation = contents_.conversations[0];
    conversation.last_seq = ++conversation.message_count;
    contents_.messages.push_back({"C", id, conversation.last_seq, "user", "content of " + id});
  }
  [[nodiscard]] Verdict verdict() const {
    return judge(ledger_, contents_, [this](auto, auto) { return stalled_; });
  }
  // That there is something wrong, and what.
  void expect_only(std::int64_t Verdict::*what, std::int64_t count = 1) const {
    auto found = verdict();
    EXPECT_FALSE(found.is_good());
    EXPECT_EQ(found.*what, count) << found;
    EXPECT_FALSE(found.complaints.empty());
    found.*what = 0;
    EXPECT_TRUE(found.is_good()) << found;
  }

  Clock::time_point now_ = Clock::now();
  std::chrono::microseconds stalled_{0};
  Ledger ledger_;
  Contents contents_{.conversations = {{"C", 0, 0}}, .messages = {}};
};

TEST_F(Judgement, IsGoodOfWhatIsAsItWasTold) {
  const auto found = verdict();
  EXPECT_TRUE(found.is_good()) << found;
  EXPECT_EQ(found.calls, 5);
  EXPECT_EQ(found.ok, 4);
  EXPECT_EQ(found.failed, 1);
  EXPECT_EQ(found.unknown, 1);
  EXPECT_EQ(found.unknown_stored, 0);
}

TEST_F(Judgement, AllowsAnUnknownOneToBeStored) {
  store("e");
  const auto found = verdict();
  EXPECT_TRUE(found.is_good()) << found;
  EXPECT_EQ(found.unknown_stored, 1);
}

TEST_F(Judgement, CountsARepeatedOneAsWhatIsKnownInTheEnd) {
  store("e");
  send(1, {"e"}, Outcome::ok, 5);
  EXPECT_TRUE(verdict().is_good()) << verdict();
  EXPECT_EQ(verdict().unknown, 0);
  EXPECT_EQ(verdict().ok, 5);
  send(0, {"d"}, Outcome::unknown, 0);
  store("d");
  EXPECT_TRUE(verdict().is_good()) << "failed, and sent again: " << verdict();
}

TEST_F(Judgement, FindsALostOne) {
  send(0, {"g"}, Outcome::ok, 5);
  expect_only(&Verdict::lost);
}

TEST_F(Judgement, FindsADoubledOne) {
  auto twice = contents_.messages[0];
  twice.seq = 5;
  contents_.messages.push_back(twice);
  contents_.conversations[0].message_count = contents_.conversations[0].last_seq = 5;
  expect_only(&Verdict::doubled);
}

TEST_F(Judgement, FindsOneThatIsStoredUnderTwoIds) {
  store("a second time");
  expect_only(&Verdict::unasked);
}

TEST_F(Judgement, FindsReorderedOnes) {
  std::swap(contents_.messages[0].seq, contents_.messages[3].seq);
  std::swap(ledger_[0].messages[0].seq, ledger_[4].messages[0].seq);
  expect_only(&Verdict::out_of_order);
}

TEST_F(Judgement, FindsALateCall) {
  ledger_[2].returned = ledger_[2].invoked + 160ms;
  expect_only(&Verdict::late);
  EXPECT_EQ(verdict().latest, 110ms);
  stalled_ = 30ms;
  EXPECT_TRUE(verdict().is_good()) << "the machine was busy: " << verdict();
  EXPECT_EQ(verdict().latest, 80ms);
  EXPECT_EQ(verdict().latest_plain, 110ms);
}

TEST_F(Judgement, FindsAnAlteredOne) {
  contents_.messages[3].content.pop_back();
  expect_only(&Verdict::altered);
}

TEST_F(Judgement, FindsOneThatFailedAndIsStored) {
  store("d");
  expect_only(&Verdict::unasked);
}

TEST_F(Judgement, FindsAGap) {
  contents_.messages[3].seq = 5;
  ledger_[4].messages[0].seq = 5;
  contents_.conversations[0].last_seq = 5;
  EXPECT_EQ(verdict().misnumbered, 2) << "the gap, and the counters";
}

TEST_F(Judgement, FindsAWrongMessageCount) {
  contents_.conversations[0].message_count = 3;
  expect_only(&Verdict::misnumbered);
}

TEST_F(Judgement, FindsASeqThatIsNotTheOneTold) {
  ledger_[4].messages[0].seq = 3;
  expect_only(&Verdict::misnumbered);
}

TEST_F(Judgement, FindsHalfATurn) {
  send(0, {"g", "h"}, Outcome::unknown, 0);
  store("g");
  expect_only(&Verdict::torn);
  contents_.messages.back() = {"C", "h", 5, "user", "content of h"};
  expect_only(&Verdict::torn);
}

TEST_F(Judgement, FindsATurnInTwoParts) {
  send(0, {"g", "h"}, Outcome::unknown, 0);
  store("g");
  store("e");
  store("h");
  expect_only(&Verdict::torn);
}

}  // namespace
}  // namespace hwlab::test
