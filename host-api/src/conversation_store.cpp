#include <algorithm>
#include <hwlab/plugin_host.hpp>

#include "call.h"

namespace hwlab::host {
namespace {

hwlab_new_message to_c(const NewMessage& message) {
  hwlab_new_message out{};
  out.struct_size = sizeof(out);
  out.id = to_text(message.id);
  out.role = to_text(message.role);
  out.content = to_text(message.content);
  out.metadata = to_text(message.metadata);
  out.created_at_us = message.created_at ? message.created_at->time_since_epoch().count() : 0;
  return out;
}

std::int64_t to_expected(const std::optional<std::int64_t>& seq) {
  if (!seq) {
    return 0;
  }
  if (*seq < 0) {
    throw_status(HWLAB_INVALID, "expected_seq must not be negative");
  }
  return *seq == 0 ? HWLAB_EXPECT_EMPTY : *seq;
}

void add_id(std::vector<std::string>& ids, const hwlab_text& id) {
  if (!to_view(id).empty()) {
    ids.emplace_back(to_view(id));
  }
}

// The write was made, but the plugin does not say what became of it. The ids that the caller gave
// are all there is to repeat it with.
[[noreturn]] void throw_unanswered_write(std::vector<std::string> ids) {
  Failure failure;
  failure.maybe_applied = true;
  failure.ids = std::move(ids);
  throw Error("the plugin is defective: it said OK but gave no usable result", std::move(failure));
}

bool existed(const hwlab_result& head) {
  return (head.flags & HWLAB_EXISTED) != 0;
}

// A hook that stores. `ids_of` reads the ids from a result that is given, `sent` are those of the
// request. Either the result is given, or this throws.
template <class Request, class Result, class IdsOf>
OwnedResult<Result> write(Instance& instance, Hook<Request, Result> hook, void* self,
                          const CallOptions& options, const Request& request,
                          const std::vector<std::string>& sent, IdsOf ids_of) {
  OwnedResult<Result> result;
  auto error = new_error();
  const auto status = invoke(instance, hook, self, options, request, result, error);
  const auto given = result.given() ? ids_of(result.get()) : std::vector<std::string>();
  if (status != HWLAB_OK) {
    throw_failure(status, error, given.empty() ? sent : given);
  }
  if (given.empty()) {
    throw_unanswered_write(sent);
  }
  return result;
}

template <class Result>
std::vector<std::string> single_id(const Result& result) {
  std::vector<std::string> ids;
  add_id(ids, result.id);
  return ids;
}

// `sent`: how many the request had. There can be no more, whatever the plugin counts.
std::vector<std::string> ids_of_batch(const hwlab_append_messages_result& result,
                                      std::size_t sent) {
  std::vector<std::string> ids;
  const auto count = std::min(result.message_count, sent);
  for (std::size_t i = 0; result.messages != nullptr && i < count; ++i) {
    if (result.messages[i] != nullptr) {
      add_id(ids, read_record(*result.messages[i]).id);
    }
  }
  return ids;
}

}  // namespace

ConversationStore::ConversationStore(std::shared_ptr<Instance> instance,
                                     const hwlab_conversation_store* table, void* self) noexcept
    : instance_(std::move(instance)), table_(table), self_(self) {}

Created ConversationStore::create_conversation(const NewConversation& request,
                                               CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_conversation_store, create_conversation)) {
    throw_missing_hook("create_conversation");
  }
  hwlab_create_conversation_request sent{};
  sent.struct_size = sizeof(sent);
  sent.id = to_text(request.id);
  sent.model = to_text(request.model);
  sent.title = to_text(request.title);
  sent.metadata = to_text(request.metadata);
  std::vector<std::string> ids;
  add_id(ids, sent.id);
  const auto result =
      write(*instance_, table_->create_conversation, self_, options, sent, ids,
            [](const hwlab_create_conversation_result& given) { return single_id(given); });
  const auto& given = result.get();
  return {std::string(to_view(given.id)), to_time(given.started_at_us), existed(given.head)};
}

AddedMessage ConversationStore::add_message(const AddMessage& request, CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_conversation_store, add_message)) {
    throw_missing_hook("add_message");
  }
  const auto message = to_c(request.message);
  hwlab_add_message_request sent{};
  sent.struct_size = sizeof(sent);
  sent.conversation_id = to_text(request.conversation_id);
  sent.message = &message;
  sent.expected_seq = to_expected(request.expected_seq);
  std::vector<std::string> ids;
  add_id(ids, message.id);
  const auto result = write(*instance_, table_->add_message, self_, options, sent, ids,
                            [](const hwlab_add_message_result& given) { return single_id(given); });
  const auto& given = result.get();
  return {{std::string(to_view(given.id)), given.seq, to_time(given.created_at_us)},
          existed(given.head)};
}

AppendedMessages ConversationStore::append_messages(const AppendMessages& request,
                                                    CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_conversation_store, append_messages)) {
    throw_missing_hook("append_messages");
  }
  std::vector<hwlab_new_message> messages;
  messages.reserve(request.messages.size());  // so that the pointers below stay true
  std::vector<const hwlab_new_message*> pointers;
  std::vector<std::string> ids;
  for (const auto& message : request.messages) {
    pointers.push_back(&messages.emplace_back(to_c(message)));
    add_id(ids, messages.back().id);
  }
  hwlab_append_messages_request sent{};
  sent.struct_size = sizeof(sent);
  sent.conversation_id = to_text(request.conversation_id);
  sent.messages = pointers.data();
  sent.message_count = pointers.size();
  sent.expected_seq = to_expected(request.expected_seq);
  const auto ids_of = [&](const hwlab_append_messages_result& given) {
    return ids_of_batch(given, pointers.size());
  };
  const auto result = write(*instance_, table_->append_messages, self_, options, sent, ids, ids_of);
  const auto& given = result.get();
  if (ids_of(given).size() != pointers.size() || given.message_count != pointers.size()) {
    throw_unanswered_write(ids);
  }
  AppendedMessages appended;
  appended.existed = existed(given.head);
  for (std::size_t i = 0; i < given.message_count; ++i) {
    const auto record = read_record(*given.messages[i]);
    appended.messages.push_back(
        {std::string(to_view(record.id)), record.seq, to_time(record.created_at_us)});
  }
  return appended;
}

Thread ConversationStore::get_conversation(const GetConversation& request,
                                           CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_conversation_store, get_conversation)) {
    throw_missing_hook("get_conversation");
  }
  hwlab_get_conversation_request sent{};
  sent.struct_size = sizeof(sent);
  sent.id = to_text(request.id);
  sent.after_seq = request.after_seq;
  sent.before_seq = request.before_seq;
  sent.limit = request.limit;
  sent.last_n = request.last_n;
  return Thread(read(*instance_, table_->get_conversation, self_, options, sent));
}

Listing ConversationStore::list_conversations(const ListConversations& request,
                                              CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_conversation_store, list_conversations)) {
    throw_missing_hook("list_conversations");
  }
  hwlab_list_conversations_request sent{};
  sent.struct_size = sizeof(sent);
  sent.order = static_cast<std::int32_t>(request.order);
  if (!request.cursor.empty()) {
    sent.cursor = to_text(request.cursor);
  }
  sent.limit = request.limit;
  return Listing(read(*instance_, table_->list_conversations, self_, options, sent));
}

}  // namespace hwlab::host
