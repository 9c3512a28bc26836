#include "store.h"

#include <hwlab/plugin.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <tuple>

namespace hwlab::broken {
namespace {

bool is_same(const std::optional<std::string>& left, const std::optional<std::string>& right) {
  if (!left || !right)
    return left.has_value() == right.has_value();
  return nlohmann::json::parse(*left) == nlohmann::json::parse(*right);
}

}  // namespace

Store& store() {
  static auto* const kept = new Store;
  return *kept;
}

std::int64_t Store::now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  last_time_ = std::max<std::int64_t>(
      last_time_ + 1, std::chrono::duration_cast<std::chrono::microseconds>(since).count());
  return last_time_;
}

bool Store::create(Conversation& conversation) {
  const std::lock_guard lock(mutex_);
  const auto known = conversations_.find(conversation.id);
  if (known != conversations_.end()) {
    if (known->second.model != conversation.model)
      throw Refused{HWLAB_CONFLICT, "the id stands for another model"};
    conversation = known->second;
    return true;
  }
  conversation.started_at = conversation.active_at = now();
  conversations_.emplace(conversation.id, conversation);
  return false;
}

bool Store::append(const std::string& id, std::vector<Message>& messages,
                   std::int64_t expected_seq) {
  const std::lock_guard lock(mutex_);
  const auto found = conversations_.find(id);
  if (found == conversations_.end())
    throw Refused{HWLAB_NOT_FOUND, "there is no such conversation"};
  Conversation& conversation = found->second;
  const auto known = static_cast<std::size_t>(std::count_if(
      messages.begin(), messages.end(),
      [&](const Message& message) { return conversation_of_message_.contains(message.id); }));
  if (known != 0 && known != messages.size())
    throw Refused{HWLAB_CONFLICT, "some of the messages are stored, and others are not"};
  if (known != 0) {
    for (Message& message : messages) {
      const auto stored = std::find_if(conversation.messages.begin(), conversation.messages.end(),
                                       [&](const Message& each) { return each.id == message.id; });
      if (stored == conversation.messages.end() || stored->role != message.role ||
          stored->content != message.content || !is_same(stored->metadata, message.metadata))
        throw Refused{HWLAB_CONFLICT, "the id stands for another message"};
      message = *stored;
    }
    return true;
  }
  const auto last = static_cast<std::int64_t>(conversation.messages.size());
  if (expected_seq != 0 && std::max<std::int64_t>(expected_seq, 0) != last)
    throw Refused{HWLAB_CONFLICT, "expected_seq is not the last", last};
  // All of what may run out of memory first, so that nothing is half stored.
  auto all = conversation.messages;
  std::map<std::string, std::string> places;
  auto active_at = conversation.active_at;
  for (Message& message : messages) {
    message.seq = static_cast<std::int64_t>(all.size()) + 1;
    active_at = now();
    if (message.created_at == 0)
      message.created_at = active_at;
    all.push_back(message);
    places.emplace(message.id, id);
  }
  conversation.messages.swap(all);
  conversation.active_at = active_at;
  conversation_of_message_.merge(places);
  return false;
}

Conversation Store::get(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = conversations_.find(id);
  if (found == conversations_.end())
    throw Refused{HWLAB_NOT_FOUND, "there is no such conversation"};
  return found->second;
}

std::vector<Conversation> Store::list(bool by_activity, const std::optional<Place>& behind,
                                      std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto key = [&](const Conversation& each) {
    return std::tuple(by_activity ? each.active_at : each.started_at, each.id);
  };
  std::vector<const Conversation*> all;
  for (const auto& [id, conversation] : conversations_)
    if (!behind || key(conversation) < std::tuple(behind->time, behind->id))
      all.push_back(&conversation);
  std::sort(all.begin(), all.end(),
            [&](const auto* left, const auto* right) { return key(*left) > key(*right); });
  all.resize(std::min(all.size(), limit));
  std::vector<Conversation> page;
  for (const Conversation* const each : all)
    page.push_back(*each);
  return page;
}

}  // namespace hwlab::broken
