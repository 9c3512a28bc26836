// What the writers of a fault run did, and whether the database agrees with it afterwards.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace hwlab::test {

using Clock = std::chrono::steady_clock;

enum class Outcome {
  ok,
  fail,     // an error that says: not stored
  unknown,  // an error that says: perhaps stored (HWLAB_MAYBE_APPLIED)
};

struct SentMessage {
  std::string id;
  std::string role;
  std::string content;
  std::int64_t seq = 0;  // as told, beside ok
};

// One call, with one message or several that belong together. A call that repeats another has its
// ids.
struct LedgerCall {
  int writer = 0;
  std::string conversation;
  std::vector<SentMessage> messages;
  Outcome outcome = Outcome::fail;
  Clock::time_point invoked;
  Clock::time_point returned;
  std::chrono::milliseconds timeout{0};
  std::string error;
};

// In the order of each writer's program.
using Ledger = std::vector<LedgerCall>;

struct StoredMessage {
  std::string conversation;
  std::string id;
  std::int64_t seq = 0;
  std::string role;
  std::string content;
};

struct StoredConversation {
  std::string id;
  std::int64_t message_count = 0;
  std::int64_t last_seq = 0;
};

struct Contents {
  std::vector<StoredConversation> conversations;
  std::vector<StoredMessage> messages;
};

struct Verdict {
  std::int64_t calls = 0;
  std::int64_t ok = 0;  // messages, from here
  std::int64_t failed = 0;
  std::int64_t unknown = 0;
  std::int64_t unknown_stored = 0;  // of those

  // What must not be.
  std::int64_t lost = 0;          // told to be stored, and is not
  std::int64_t doubled = 0;       // stored twice
  std::int64_t out_of_order = 0;  // a later one of the same writer has a lower seq
  std::int64_t misnumbered = 0;   // another seq than was told; gaps; counters that do not fit
  std::int64_t altered = 0;       // not byte for byte
  std::int64_t unasked = 0;       // stored although told that it is not, or never sent
  std::int64_t torn = 0;          // a part of what belongs together
  std::int64_t late = 0;          // calls that returned more than 100 ms after their deadline

  std::chrono::microseconds latest{0};  // beyond the deadline, and what the process was stalled
  std::chrono::microseconds latest_plain{0};  // beyond the deadline
  std::vector<std::string> complaints;        // the first ones, in words

  [[nodiscard]] bool is_good() const;
  Verdict& operator+=(const Verdict& other);
};
std::ostream& operator<<(std::ostream& out, const Verdict& verdict);

// For how long the process got no processor between these moments.
using Stalled = std::function<std::chrono::microseconds(Clock::time_point, Clock::time_point)>;

// Once nothing is under way any more: a call of an unknown outcome may be stored at any time until
// then.
Verdict judge(const Ledger& ledger, const Contents& contents, const Stalled& stalled);

}  // namespace hwlab::test
