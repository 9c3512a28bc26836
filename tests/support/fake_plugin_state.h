// The inside of the fake plugin: its instance, what its results point to, and the misbehaviours
// that all hooks have.
#pragma once

#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>

#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fake_plugin.h"

namespace hwlab::test {

inline FakeCounters counters{};

struct Message {
  std::string id, role, content;
};

struct Fake {
  const hwlab_host* host = nullptr;
  std::string mode;
  bool counts_results = false;  // unload() logs how many were given and released
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  int inside = 0;
  std::map<std::string, std::vector<Message>> conversations;
  std::uint64_t last_id = 444'444'444'443;

  std::string new_message_id() { return "44444444-4444-4444-8444-" + std::to_string(++last_id); }
};

// What a result points to.
struct Block {
  std::deque<std::string> texts;
  hwlab_conversation conversation{};
  // With room behind, as records of a later version have.
  struct LongMessage {
    hwlab_message message;
    char tail[64];
  };
  std::deque<LongMessage> messages;
  std::vector<const hwlab_message*> message_pointers;
  std::deque<hwlab_appended> appended;
  std::vector<const hwlab_appended*> appended_pointers;
  std::vector<const hwlab_conversation*> conversation_pointers;
  std::deque<hwlab_check> checks;
  std::vector<const hwlab_check*> check_pointers;
  hwlab_migration migration{};
  const hwlab_migration* migration_pointer = nullptr;
  bool keeps_release = false;

  hwlab_text text(std::string_view given) {
    const auto& kept = texts.emplace_back(given);
    return {kept.data(), kept.size()};
  }
};

inline void release(hwlab_result* result) {
  ++counters.released;
  std::unique_ptr<Block> block(static_cast<Block*>(result->owner));
  if (!block->keeps_release) {
    result->release = nullptr;
  }
}

inline hwlab_status give(const Fake& fake, hwlab_result& head, std::unique_ptr<Block> block) {
  if (fake.mode == "no_result") {
    head.release = nullptr;
    return HWLAB_OK;
  }
  block->keeps_release = fake.mode == "keeps_release";
  head.release = release;
  head.owner = block.release();
  ++counters.given;
  return HWLAB_OK;
}

inline hwlab_status fail(hwlab_error* error, hwlab_status status, const char* message) {
  error->status = status;
  std::strncpy(error->message, message, sizeof(error->message) - 1);
  return status;
}

// The misbehaviours that every hook has; HWLAB_OK: go on.
inline hwlab_status misbehave(const Fake& fake, hwlab_error* error) {
  if (fake.mode == "unknown_status") {
    return 77;
  }
  if (fake.mode == "negative_status") {
    return -5;
  }
  if (fake.mode == "unterminated") {
    std::memset(error->message, 'x', sizeof(error->message));
    std::memset(error->sqlstate, '9', sizeof(error->sqlstate));
    return HWLAB_INTERNAL;
  }
  if (fake.mode == "refused") {
    std::memcpy(error->sqlstate, "23514", 5);
    error->flags = HWLAB_RETRYABLE;
    error->retry_after_ms = 250;
    return fail(error, HWLAB_UNAVAILABLE, "the server is starting");
  }
  return HWLAB_OK;
}

inline std::string view(const hwlab_text& text) {
  return {text.data != nullptr ? text.data : "", text.size};
}

}  // namespace hwlab::test
