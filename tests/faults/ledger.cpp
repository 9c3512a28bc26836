#include "tests/faults/ledger.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <unordered_map>
#include <utility>

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr auto allowed_lateness = 100ms;
constexpr std::size_t most_complaints = 20;

class Judge {
 public:
  explicit Judge(const Contents& contents) : contents_(contents) {
    for (const StoredMessage& message : contents.messages)
      if (!rows_.emplace(message.id, &message).second)
        complain(verdict_.doubled, "message " + message.id + " is stored twice");
  }

  void hear(const Ledger& ledger, const Stalled& stalled) {
    std::map<std::pair<int, std::string>, std::int64_t> highest;  // of a writer in a conversation
    for (const LedgerCall& call : ledger) {
      ++verdict_.calls;
      time(call, stalled);
      settle(call);
      if (call.outcome == Outcome::ok)
        check_stored(call, highest[{call.writer, call.conversation}]);
    }
  }

  Verdict decide() {
    check_outcomes();
    check_numbers();
    return std::move(verdict_);
  }

 private:
  struct Message {
    const LedgerCall* call;
    std::size_t place;
    Outcome outcome;
  };

  void complain(std::int64_t& count, const std::string& what) {
    ++count;
    if (verdict_.complaints.size() < most_complaints)
      verdict_.complaints.push_back(what);
  }

  void time(const LedgerCall& call, const Stalled& stalled) {
    const auto deadline = call.invoked + call.timeout;
    if (call.returned <= deadline)
      return;
    const auto plain = duration_cast<microseconds>(call.returned - deadline);
    const auto beyond = std::max(0us, plain - stalled(deadline, call.returned));
    verdict_.latest_plain = std::max(verdict_.latest_plain, plain);
    verdict_.latest = std::max(verdict_.latest, beyond);
    if (beyond > allowed_lateness)
      complain(verdict_.late, "a call of writer " + std::to_string(call.writer) + " came back " +
                                  std::to_string(beyond / 1ms) +
                                  " ms after its deadline: " + call.error);
  }

  // What is known in the end of messages that were sent again: stored, if one call said so; not
  // stored, only if all of them did.
  void settle(const LedgerCall& call) {
    for (std::size_t i = 0; i < call.messages.size(); ++i) {
      const auto [known, is_new] =
          sent_.try_emplace(call.messages[i].id, Message{&call, i, call.outcome});
      Outcome& outcome = known->second.outcome;
      if (!is_new && outcome != Outcome::ok)
        outcome = call.outcome == Outcome::ok ? Outcome::ok
                  : outcome == Outcome::fail  ? call.outcome
                                              : outcome;
    }
  }

  void check_stored(const LedgerCall& call, std::int64_t& highest) {
    for (const SentMessage& message : call.messages) {
      const auto row = rows_.find(message.id);
      if (row == rows_.end()) {
        complain(verdict_.lost, "message " + message.id + " was told to be stored, and is not");
        continue;
      }
      if (row->second->seq != message.seq)
        complain(verdict_.misnumbered, "message " + message.id + " was told seq " +
                                           std::to_string(message.seq) + ", and has " +
                                           std::to_string(row->second->seq));
      if (row->second->seq <= highest)
        complain(verdict_.out_of_order,
                 "message " + message.id + " stands before an earlier one of its writer");
      highest = std::max(highest, row->second->seq);
    }
  }

  void check_outcomes() {
    for (const auto& [id, message] : sent_) {
      const auto row = rows_.find(id);
      const bool is_stored = row != rows_.end();
      switch (message.outcome) {
        case Outcome::ok:
          ++verdict_.ok;
          break;
        case Outcome::fail:
          ++verdict_.failed;
          if (is_stored)
            complain(verdict_.unasked, "message " + id + " was told not to be stored, and is: " +
                                           message.call->error);
          break;
        case Outcome::unknown:
          ++verdict_.unknown;
          verdict_.unknown_stored += is_stored ? 1 : 0;
          break;
      }
      if (is_stored)
        check_row(*row->second, message);
    }
    for (const auto& [id, row] : rows_)
      if (!sent_.contains(id))
        complain(verdict_.unasked, "message " + id + " was never sent");
  }

  void check_row(const StoredMessage& row, const Message& message) {
    const SentMessage& sent = message.call->messages[message.place];
    if (row.content != sent.content || row.role != sent.role ||
        row.conversation != message.call->conversation)
      complain(verdict_.altered, "message " + row.id + " is not what was sent");
    if (message.place == 0) {
      for (std::size_t i = 1; i < message.call->messages.size(); ++i) {
        const auto other = rows_.find(message.call->messages[i].id);
        if (other == rows_.end() || other->second->seq != row.seq + static_cast<std::int64_t>(i))
          complain(verdict_.torn, "message " + row.id + " stands without those it was sent with");
      }
    } else if (!rows_.contains(message.call->messages[0].id)) {
      complain(verdict_.torn, "message " + row.id + " stands without those it was sent with");
    }
  }

  void check_numbers() {
    std::unordered_map<std::string, std::vector<std::int64_t>> seqs;
    for (const StoredMessage& message : contents_.messages)
      seqs[message.conversation].push_back(message.seq);
    for (const StoredConversation& conversation : contents_.conversations) {
      std::vector<std::int64_t> found;
      if (const auto entry = seqs.extract(conversation.id); !entry.empty())
        found = entry.mapped();
      std::sort(found.begin(), found.end());
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (found[i] != static_cast<std::int64_t>(i) + 1) {
          complain(verdict_.misnumbered, "conversation " + conversation.id + " has no message " +
                                             std::to_string(i + 1) + ", or two");
          break;
        }
      }
      const auto count = static_cast<std::int64_t>(found.size());
      if (conversation.message_count != count || conversation.last_seq != count)
        complain(verdict_.misnumbered,
                 "conversation " + conversation.id + " says " +
                     std::to_string(conversation.message_count) + " messages up to seq " +
                     std::to_string(conversation.last_seq) + ", and has " + std::to_string(count));
    }
    for (const auto& [id, found] : seqs)
      complain(verdict_.unasked, "there are messages of " + id + ", which is no conversation");
  }

  const Contents& contents_;
  std::unordered_map<std::string, const StoredMessage*> rows_;
  std::unordered_map<std::string, Message> sent_;
  Verdict verdict_;
};

}  // namespace

bool Verdict::is_good() const {
  return lost + doubled + out_of_order + misnumbered + altered + unasked + torn + late == 0;
}

Verdict& Verdict::operator+=(const Verdict& other) {
  for (const auto member : {&Verdict::calls, &Verdict::ok, &Verdict::failed, &Verdict::unknown,
                            &Verdict::unknown_stored, &Verdict::lost, &Verdict::doubled,
                            &Verdict::out_of_order, &Verdict::misnumbered, &Verdict::altered,
                            &Verdict::unasked, &Verdict::torn, &Verdict::late})
    this->*member += other.*member;
  latest = std::max(latest, other.latest);
  latest_plain = std::max(latest_plain, other.latest_plain);
  complaints.insert(complaints.end(), other.complaints.begin(), other.complaints.end());
  return *this;
}

std::ostream& operator<<(std::ostream& out, const Verdict& verdict) {
  out << verdict.calls << " calls; messages: " << verdict.ok << " stored, " << verdict.failed
      << " failed, " << verdict.unknown << " unknown (" << verdict.unknown_stored
      << " of them stored); " << verdict.lost << " lost, " << verdict.doubled << " doubled, "
      << verdict.out_of_order << " out of order, " << verdict.misnumbered << " misnumbered, "
      << verdict.altered << " altered, " << verdict.unasked << " unasked, " << verdict.torn
      << " torn, " << verdict.late << " late; at most " << verdict.latest / 1ms
      << " ms after the deadline (" << verdict.latest_plain / 1ms << " ms with stalls)";
  for (const std::string& complaint : verdict.complaints)
    out << "\n  " << complaint;
  return out;
}

Verdict judge(const Ledger& ledger, const Contents& contents, const Stalled& stalled) {
  Judge judge(contents);
  judge.hear(ledger, stalled);
  return judge.decide();
}

}  // namespace hwlab::test
