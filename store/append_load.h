// What goes into one statement.
#pragma once

#include <algorithm>
#include <boost/functional/hash.hpp>
#include <cstddef>
#include <unordered_set>

#include "store/append_queue.h"
#include "store/append_unit.h"

namespace hwlab::store {

// The conversations and messages of a statement that is being put together, its first unit given.
class AppendLoad {
 public:
  AppendLoad(const AppendOptions& options, const AppendUnit& first) : options_(options) {
    add(first);
  }

  [[nodiscard]] bool is_full() const { return messages_ >= options_.max_batch; }
  [[nodiscard]] bool has_room_for(const AppendUnit& unit) const {
    return messages_ + unit.request.messages.size() <= options_.max_batch &&
           bytes_ + unit.bytes <= options_.max_batch_bytes;
  }

  // An expected seq is the conversation's before the statement, so its unit can only be the first
  // and last one there; an id twice would fail the statement.
  [[nodiscard]] bool fits(const AppendUnit& unit) const {
    if (closed_.contains(unit.request.conversation))
      return false;
    if (unit.request.expected_seq && conversations_.contains(unit.request.conversation))
      return false;
    return std::none_of(unit.request.messages.begin(), unit.request.messages.end(),
                        [this](const NewMessage& message) { return ids_.contains(message.id); });
  }

  void add(const AppendUnit& unit) {
    messages_ += unit.request.messages.size();
    bytes_ += unit.bytes;
    conversations_.insert(unit.request.conversation);
    if (unit.request.expected_seq)
      close(unit);
    for (const NewMessage& message : unit.request.messages)
      ids_.insert(message.id);
  }

  // One that does not fit is not overtaken by later ones of its conversation.
  void close(const AppendUnit& unit) { closed_.insert(unit.request.conversation); }

 private:
  using Ids = std::unordered_set<Uuid, boost::hash<Uuid>>;

  const AppendOptions& options_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  Ids conversations_;
  Ids closed_;
  Ids ids_;
};

}  // namespace hwlab::store
