// Conversations in the memory of the process, as simple as can be: what plugins that are broken on
// purpose keep.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace hwlab::broken {

// A call that is refused; the status is that of the contract.
struct Refused {
  std::int32_t status;
  const char* why;
  std::int64_t actual_seq = 0;
};

struct Message {
  std::string id, role, content;
  std::optional<std::string> metadata;
  std::int64_t seq = 0;
  std::int64_t created_at = 0;
};

struct Conversation {
  std::string id, model;
  std::optional<std::string> title, metadata;
  std::int64_t started_at = 0;
  std::int64_t active_at = 0;
  std::vector<Message> messages;
};

// Any thread.
class Store {
 public:
  // True: it existed.
  bool create(Conversation& conversation);
  // Fills seq and created_at. True: they existed.
  bool append(const std::string& conversation, std::vector<Message>& messages,
              std::int64_t expected_seq);
  [[nodiscard]] Conversation get(const std::string& id) const;
  struct Place {
    std::int64_t time;
    std::string id;
  };
  // Behind that place, newest first.
  [[nodiscard]] std::vector<Conversation> list(bool by_activity, const std::optional<Place>& behind,
                                               std::size_t limit) const;

 private:
  std::int64_t now();  // another one each time

  mutable std::mutex mutex_;
  std::int64_t last_time_ = 0;
  std::map<std::string, Conversation> conversations_;
  std::map<std::string, std::string> conversation_of_message_;
};

// Of the process: an instance that comes later finds what an earlier one has stored.
Store& store();

}  // namespace hwlab::broken
