// Conversations and messages as the store takes them and gives them out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/uuid.h"

namespace hwlab::store {

// Microseconds since 1970-01-01T00:00:00Z, as the server keeps them.
using Micros = std::int64_t;

// The texts of these requests are borrowed for the duration of the call. They are valid UTF-8
// without U+0000, and metadata is the text of a JSON object: the caller has checked both.
struct NewConversation {
  Uuid id;
  std::string_view model;
  std::optional<std::string_view> title;
  std::optional<std::string_view> metadata;
};

struct NewMessage {
  Uuid id;
  std::string_view role;
  std::string_view content;
  std::optional<std::string_view> metadata;
  std::optional<Micros> created_at;  // absent: the server's time
};

struct Append {
  Uuid conversation;
  std::vector<NewMessage> messages;  // at least one; ids differ
  std::optional<std::int64_t>
      expected_seq;  // the last seq that the conversation must have; 0: none yet
};

// `existed`: an identical earlier write was found, and nothing new was stored.
struct Created {
  Micros started_at = 0;
  bool existed = false;
};

struct Appended {
  struct Message {
    std::int64_t seq = 0;
    Micros created_at = 0;
  };
  std::vector<Message> messages;  // in the order of the request
  bool existed = false;
};

// The texts of these results point into `rows`, which whoever uses them keeps alive.
struct Conversation {
  std::string_view id;
  std::string_view model;
  std::optional<std::string_view> title;
  std::optional<std::string_view> metadata;
  Micros started_at = 0;
  std::optional<Micros> last_message_at;
  std::int64_t message_count = 0;
  std::int64_t last_seq = 0;
};

struct Message {
  std::string_view id;
  std::string_view role;
  std::string_view content;
  std::optional<std::string_view> metadata;
  std::int64_t seq = 0;
  Micros created_at = 0;
};

struct ThreadRange {
  std::int64_t after_seq = 0;              // 0: from the first
  std::optional<std::int64_t> before_seq;  // absent: to the last
  std::optional<std::uint32_t> first;      // only so many, the oldest of the range
  std::optional<std::uint32_t> last;       // only so many, the newest; not beside `first`
};

struct Thread {
  std::shared_ptr<const void> rows;
  Conversation conversation;
  std::vector<Message> messages;  // by rising seq
  bool cut = false;  // the range holds more, beyond the last (`first`) or before the first (`last`)
};

enum class Order { started, active };

struct Listing {
  std::shared_ptr<const void> rows;
  std::vector<Conversation> conversations;
  std::optional<std::string> next_cursor;
};

}  // namespace hwlab::store
