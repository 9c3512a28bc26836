#include "tests/faults/load.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "store/uuid.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

template <typename Number>
Number drawn(std::mt19937& random, Number least, Number most) {
  return std::uniform_int_distribution<Number>(least, most)(random);
}

std::string drawn_content(std::mt19937& random) {
  static const std::vector<std::string> pieces = {
      "measure ", "the \"peak\" ", "at 37 \u00b0C, ", "it's ", "{a,b} ", "\\", "\n", "\U0001F9EA "};
  // Mostly a sentence, sometimes more than a packet.
  const int count = drawn(random, 0, 19) == 0 ? 5'000 : drawn(random, 1, 20);
  std::string content;
  for (int i = 0; i < count; ++i)
    content += pieces[drawn<std::size_t>(random, 0, pieces.size() - 1)];
  return content;
}

}  // namespace

Load::Load(const host::ConversationStore& store, const LoadOptions& options)
    : store_(store), options_(options) {
  const auto new_conversation = [this] {
    return store_.create_conversation({{}, "llama3", {}, {}}, {60s}).id;
  };
  if (options.share_with != nullptr)
    shared_ = options.share_with->shared_;
  for (int i = 0; options.share_with == nullptr && i < options.shared_conversations; ++i)
    shared_.push_back(new_conversation());
  for (int i = 0; i < options.writers; ++i) {
    writers_.push_back({options.first_writer + i,
                        std::mt19937(options.seed + static_cast<unsigned>(i)),
                        shared_,
                        {}});
    for (int own = 0; own < options.own_conversations; ++own)
      writers_.back().conversations.push_back(new_conversation());
  }
  for (Writer& writer : writers_)
    threads_.emplace_back([this, &writer] { run(writer); });
}

void Load::run(Writer& writer) {
  while (!stopping_) {
    LedgerCall next = next_call(writer);
    const bool repeats = drawn(writer.random, 0, 1) == 0;
    do {
      call(next);
      writer.ledger.push_back(next);
      const std::lock_guard lock(mutex_);
      ++(next.outcome == Outcome::ok ? ok_ : failed_);
      changed_.notify_all();
    } while (next.outcome == Outcome::unknown && repeats && !stopping_);
    std::unique_lock lock(mutex_);
    if (options_.pause > 0ms)
      stopped_.wait_for(
          lock,
          drawn<std::chrono::milliseconds::rep>(writer.random, 0, options_.pause.count()) * 1ms,
          [this] { return stopping_.load(); });
  }
}

LedgerCall Load::next_call(Writer& writer) {
  auto& random = writer.random;
  LedgerCall call{
      .writer = writer.number,
      .conversation =
          writer.conversations[drawn<std::size_t>(random, 0, writer.conversations.size() - 1)],
      .messages = {},
      .outcome = Outcome::fail,
      .invoked = {},
      .returned = {},
      .timeout = std::chrono::milliseconds(drawn<std::chrono::milliseconds::rep>(
          random, options_.least_timeout.count(), options_.most_timeout.count())),
      .error = {}};
  const int messages = drawn(random, 0, 2) == 0 ? 2 : 1;
  for (int i = 0; i < messages; ++i)
    call.messages.push_back(
        {store::to_text(store::new_uuid()), i == 0 ? "user" : "assistant", drawn_content(random)});
  return call;
}

void Load::call(LedgerCall& call) const {
  const auto new_message = [](const SentMessage& from) {
    return host::NewMessage{from.id, from.role, from.content, {}, {}};
  };
  call.invoked = Clock::now();
  try {
    if (call.messages.size() == 1) {
      call.messages[0].seq =
          store_.add_message({call.conversation, new_message(call.messages[0]), {}}, {call.timeout})
              .seq;
    } else {
      host::AppendMessages request{call.conversation, {}, {}};
      for (const SentMessage& message : call.messages)
        request.messages.push_back(new_message(message));
      const auto appended = store_.append_messages(request, {call.timeout});
      for (std::size_t i = 0; i < call.messages.size(); ++i)
        call.messages[i].seq = appended.messages.at(i).seq;
    }
    call.returned = Clock::now();
    call.outcome = Outcome::ok;
    call.error.clear();
  } catch (const host::Error& error) {
    call.returned = Clock::now();
    call.outcome = error.maybe_applied() ? Outcome::unknown : Outcome::fail;
    call.error = std::string(host::status_name(error.status())) + ": " + error.what();
  }
}

bool Load::await_ok(int calls, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this, wanted = ok_ + calls] { return ok_ >= wanted; });
}

bool Load::await_failed(int calls, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience,
                           [this, wanted = failed_ + calls] { return failed_ >= wanted; });
}

void Load::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stopped_.notify_all();
  }
  threads_.clear();
}

Ledger Load::ledger() const {
  Ledger all;
  for (const Writer& writer : writers_)
    all.insert(all.end(), writer.ledger.begin(), writer.ledger.end());
  return all;
}

unsigned fault_seed() {
  static const unsigned seed = [] {
    const char* const given = std::getenv("HWLAB_FAULT_SEED");
    const unsigned drawn_now =
        given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "HWLAB_FAULT_SEED=" << drawn_now << std::endl;
    return drawn_now;
  }();
  return seed;
}

}  // namespace hwlab::test
