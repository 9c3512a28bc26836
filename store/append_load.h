// What goes into one statement.
#pragma once

#include <algorithm>
#include <boost/container/flat_set.hpp>
#include <boost/iterator/transform_iterator.hpp>
#include <cstddef>

#include "store/append_queue.h"
#include "store/append_unit.h"

namespace hwlab::store {

// The conversations and messages of a statement that is being put together, its first unit given.
class AppendLoad {
 public:
  AppendLoad(const AppendOptions& options, const AppendUnit& first) : options_(options) {
    conversations_.reserve(options.max_batch);
    ids_.reserve(options.max_batch);
    add(first);
  }

  [[nodiscard]] bool is_full() const { return messages_ >= options_.max_batch; }
  [[nodiscard]] bool has_room_for(const AppendUnit& unit) const {
    return messages_ + unit.request.messages.size() <= options_.max_batch &&
           bytes_ + unit.bytes <= options_.max_batch_bytes;
  }

  // Adds it if that can be; otherwise later ones of its conversation do not overtake it. An
  // expected seq is the conversation's before the statement, so its unit can only be the first and
  // last one there; an id twice would fail the statement.
  bool take(const AppendUnit& unit) {
    const bool comes_later =
        unit.request.expected_seq && conversations_.contains(unit.request.conversation);
    if (comes_later || closed_.contains(unit.request.conversation) || repeats_id(unit)) {
      closed_.insert(unit.request.conversation);
      return false;
    }
    add(unit);
    return true;
  }

 private:
  void add(const AppendUnit& unit) {
    messages_ += unit.request.messages.size();
    bytes_ += unit.bytes;
    conversations_.insert(unit.request.conversation);
    if (unit.request.expected_seq)
      closed_.insert(unit.request.conversation);
    const auto id_of = [](const NewMessage& message) { return message.id; };
    const auto& messages = unit.request.messages;
    ids_.insert(boost::make_transform_iterator(messages.begin(), id_of),
                boost::make_transform_iterator(messages.end(), id_of));
  }
  [[nodiscard]] bool repeats_id(const AppendUnit& unit) const {
    return std::any_of(unit.request.messages.begin(), unit.request.messages.end(),
                       [this](const NewMessage& message) { return ids_.contains(message.id); });
  }

  using Ids = boost::container::flat_set<Uuid>;

  const AppendOptions& options_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  Ids conversations_;
  Ids closed_;
  Ids ids_;
};

}  // namespace hwlab::store
