// What a read gave, as views into it.
#include <hwlab/plugin_host.hpp>

#include "call.h"

namespace hwlab::host {
namespace {

ConversationView view_of(const hwlab_conversation& given) {
  const auto record = read_record(given);
  ConversationView view;
  view.id = to_view(record.id);
  view.model = to_view(record.model);
  view.title = to_optional(record.title);
  view.metadata = to_optional(record.metadata);
  view.started_at = to_time(record.started_at_us);
  if (record.last_message_at_us != 0) {
    view.last_message_at = to_time(record.last_message_at_us);
  }
  view.message_count = record.message_count;
  view.last_seq = record.last_seq;
  return view;
}

MessageView view_of(const hwlab_message& given) {
  const auto record = read_record(given);
  MessageView view;
  view.id = to_view(record.id);
  view.role = to_view(record.role);
  view.content = to_view(record.content);
  view.metadata = to_optional(record.metadata);
  view.seq = record.seq;
  view.created_at = to_time(record.created_at_us);
  return view;
}

template <class View, class Record>
std::vector<View> views_of(const Record* const* records, std::size_t count) {
  if (records == nullptr && count != 0) {
    throw_defect("counts records that it does not give");
  }
  std::vector<View> views;
  if (count > views.max_size()) {
    throw_defect("counts more records than there can be");
  }
  views.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (records[i] == nullptr) {
      throw_defect("gave a record that is null");
    }
    views.push_back(view_of(*records[i]));
  }
  return views;
}

}  // namespace

Thread::Thread(OwnedResult<hwlab_get_conversation_result> result) : result_(std::move(result)) {
  const auto& given = result_.get();
  if (given.conversation == nullptr) {
    throw_defect("gave a thread without its conversation");
  }
  conversation_ = view_of(*given.conversation);
  messages_ = views_of<MessageView>(given.messages, given.message_count);
}

Listing::Listing(OwnedResult<hwlab_list_conversations_result> result)
    : result_(std::move(result)),
      conversations_(views_of<ConversationView>(result_.get().conversations,
                                                result_.get().conversation_count)) {}

std::optional<std::string_view> Listing::next_cursor() const noexcept {
  const auto cursor = to_optional(result_.get().next_cursor);
  return cursor && !cursor->empty() ? cursor : std::nullopt;
}

}  // namespace hwlab::host
