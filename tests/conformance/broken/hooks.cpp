#include <utf8.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string_view>
#include <vector>

#include "instance.h"

namespace hwlab::broken {
namespace {

std::optional<std::string> text_of(const hwlab_text& text, std::size_t most) {
  if (text.data == nullptr && text.size == 0)
    return std::nullopt;
  if (text.data == nullptr || text.size > most)
    throw Refused{HWLAB_INVALID, "a text without its bytes, or one that is too long"};
  std::string copy(text.data, text.size);
  if (copy.find('\0') != std::string::npos || !utf8::is_valid(copy.begin(), copy.end()))
    throw Refused{HWLAB_INVALID, "a text that is not UTF-8, or holds U+0000"};
  return copy;
}

std::string id_of(const hwlab_text& text) {
  auto id = text_of(text, 36).value_or("");
  std::string shape = id;
  for (char& c : shape)
    c = std::string_view("0123456789abcdef").find(c) != std::string_view::npos ? 'x' : c;
  if (shape != "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
    throw Refused{HWLAB_INVALID, "an id that is no UUID"};
  return id;
}

std::string id_or_new(const hwlab_text& text) {
  if (text.data != nullptr || text.size != 0)
    return id_of(text);
  std::random_device random;
  std::string id = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : id)
    if (c == 'x')
      c = "0123456789abcdef"[random() % 16];
  return id;
}

std::optional<std::string> metadata_of(const hwlab_text& text) {
  auto metadata = text_of(text, std::size_t{64} << 10);
  // Without making the values, whose destructors of version 3.11 need memory and end the process
  // where there is none.
  if (metadata && (metadata->find_first_not_of(" \t\r\n") != metadata->find('{') ||
                   !nlohmann::json::accept(*metadata)))
    throw Refused{HWLAB_INVALID, "metadata that is no JSON object"};
  return metadata;
}

Message message_of(const hwlab_new_message* from) {
  const auto read = covered(from);
  Message message;
  message.id = id_or_new(read.id);
  message.role = text_of(read.role, 64).value_or("");
  if (message.role != "user" && message.role != "assistant" && message.role != "system")
    throw Refused{HWLAB_INVALID, "a role that there is not"};
#ifdef BROKEN_THROWS
  if (read.content.size > (std::size_t{16} << 20))
    throw std::length_error("too long");
#endif
  const auto content = text_of(read.content, std::size_t{16} << 20);
  if (!content)
    throw Refused{HWLAB_INVALID, "there is no content"};
  message.content = *content;
  message.metadata = metadata_of(read.metadata);
  if (read.created_at_us == INT64_MIN || read.created_at_us == INT64_MAX)
    throw Refused{HWLAB_INVALID, "a time that no calendar has"};
  message.created_at = read.created_at_us;
  return message;
}

// What a result points to.
struct Block {
  std::vector<Conversation> conversations;
  std::vector<Message> messages;
  std::string cursor;
  std::vector<hwlab_conversation> conversation_records;
  std::vector<hwlab_message> message_records;
  std::vector<hwlab_appended> appended_records;
  std::vector<const hwlab_conversation*> conversation_pointers;
  std::vector<const hwlab_message*> message_pointers;
  std::vector<const hwlab_appended*> appended_pointers;
};

template <typename Record>
const Record* const* pointers_to(const std::vector<Record>& records,
                                 std::vector<const Record*>& pointers) {
  for (const Record& record : records)
    pointers.push_back(&record);
  return records.empty() ? nullptr : pointers.data();
}

void give(hwlab_result& head, std::unique_ptr<Block> block, bool existed) {
  head.flags = existed ? HWLAB_EXISTED : 0;
  head.owner = block.release();
  head.release = [](hwlab_result* result) {
#ifdef BROKEN_KEEPS_RESULTS
    static_cast<Block*>(result->owner)->cursor = "still here";
#else
    delete static_cast<Block*>(result->owner);
#endif
    result->release = nullptr;
  };
}

hwlab_text view(const std::string& text) {
  return {text.data(), text.size()};
}
hwlab_text view(const std::optional<std::string>& text) {
  return text ? view(*text) : hwlab_text{};
}

hwlab_conversation record_of(const Conversation& from) {
  hwlab_conversation to{};
  to.struct_size = sizeof to;
  to.id = view(from.id);
  to.model = view(from.model);
  to.title = view(from.title);
  to.metadata = view(from.metadata);
  to.started_at_us = from.started_at;
  to.last_message_at_us = from.messages.empty() ? 0 : from.active_at;
  to.message_count = to.last_seq = static_cast<std::int64_t>(from.messages.size());
  return to;
}

hwlab_message record_of(const Message& from) {
  hwlab_message to{};
  to.struct_size = sizeof to;
  to.id = view(from.id);
  to.role = view(from.role);
  to.content = view(from.content);
  to.metadata = view(from.metadata);
  to.seq = from.seq;
  to.created_at_us = from.created_at;
  return to;
}

hwlab_status create(void* self, const hwlab_call* call,
                    const hwlab_create_conversation_request* request,
                    hwlab_create_conversation_result* out, hwlab_error* error) {
  return run(self, call, request, out, error,
             [](const auto& asked, auto ask, hwlab_create_conversation_result& result) {
               auto block = std::make_unique<Block>();
               auto& made = block->conversations.emplace_back();
               made.id = id_or_new(asked.id);
               made.model = text_of(asked.model, 1024).value_or("");
               made.title = text_of(asked.title, 1024);
               made.metadata = metadata_of(asked.metadata);
               ask(true);
               const bool existed = store().create(made);
               result.id = view(made.id);
               result.started_at_us = made.started_at;
#ifdef BROKEN_KEEPS_BORROWED_TEXT
               result.id = asked.id.data != nullptr ? asked.id : result.id;
#endif
               give(result.head, std::move(block), existed);
             });
}

hwlab_status add(void* self, const hwlab_call* call, const hwlab_add_message_request* request,
                 hwlab_add_message_result* out, hwlab_error* error) {
  return run(self, call, request, out, error,
             [](const auto& asked, auto ask, hwlab_add_message_result& result) {
               auto block = std::make_unique<Block>();
               const std::string conversation = id_of(asked.conversation_id);
               block->messages.push_back(message_of(asked.message));
               if (asked.expected_seq < HWLAB_EXPECT_EMPTY)
                 throw Refused{HWLAB_INVALID, "an expected_seq that there is not"};
               ask(true);
               const bool existed =
                   store().append(conversation, block->messages, asked.expected_seq);
               const Message& stored = block->messages.front();
               result.id = view(stored.id);
               result.seq = stored.seq;
               result.created_at_us = stored.created_at;
               give(result.head, std::move(block), existed);
             });
}

hwlab_status append(void* self, const hwlab_call* call,
                    const hwlab_append_messages_request* request, hwlab_append_messages_result* out,
                    hwlab_error* error) {
  return run(
      self, call, request, out, error,
      [](const auto& asked, auto ask, hwlab_append_messages_result& result) {
        auto block = std::make_unique<Block>();
        const std::string conversation = id_of(asked.conversation_id);
        if (asked.messages == nullptr || asked.message_count == 0 || asked.message_count > 10'000)
          throw Refused{HWLAB_INVALID, "no messages, or too many"};
        std::set<std::string> ids;
        for (std::size_t i = 0; i < asked.message_count; ++i) {
          block->messages.push_back(message_of(asked.messages[i]));
          if (!ids.insert(block->messages.back().id).second)
            throw Refused{HWLAB_INVALID, "the same id twice"};
        }
        // Before anything is stored, which must not fail for want of memory then.
        block->appended_records.reserve(block->messages.size());
        block->appended_pointers.reserve(block->messages.size());
        ask(true);
        const bool existed = store().append(conversation, block->messages, asked.expected_seq);
        for (const Message& stored : block->messages)
          block->appended_records.push_back(
              {sizeof(hwlab_appended), 0, view(stored.id), stored.seq, stored.created_at});
        result.messages = pointers_to(block->appended_records, block->appended_pointers);
        result.message_count = block->appended_records.size();
        give(result.head, std::move(block), existed);
      });
}

hwlab_status get(void* self, const hwlab_call* call, const hwlab_get_conversation_request* request,
                 hwlab_get_conversation_result* out, hwlab_error* error) {
  return run(
      self, call, request, out, error,
      [](const auto& asked, auto ask, hwlab_get_conversation_result& result) {
        auto block = std::make_unique<Block>();
        const std::string id = id_of(asked.id);
        if (asked.after_seq < 0 || asked.before_seq < 0 || (asked.limit != 0 && asked.last_n != 0))
          throw Refused{HWLAB_INVALID, "a range that there is not"};
        ask(false);
        block->conversations.push_back(store().get(id));
        const Conversation& found = block->conversations.front();
        for (const Message& message : found.messages)
          if (message.seq > asked.after_seq &&
              (asked.before_seq == 0 || message.seq < asked.before_seq))
            block->message_records.push_back(record_of(message));
        auto& records = block->message_records;
        if (asked.limit != 0 && records.size() > asked.limit) {
          records.resize(asked.limit);
          result.next_after_seq = records.back().seq;
        }
        if (asked.last_n != 0 && records.size() > asked.last_n) {
          records.erase(records.begin(), records.end() - asked.last_n);
          result.next_before_seq = records.front().seq;
        }
        block->conversation_records.push_back(record_of(found));
        result.conversation = &block->conversation_records.front();
        result.messages = pointers_to(records, block->message_pointers);
        result.message_count = records.size();
        give(result.head, std::move(block), false);
      });
}

// "s" or "a", the time, a colon and the id.
std::optional<Store::Place> place_of(const hwlab_text& cursor, char order) {
  const auto text = text_of(cursor, 256).value_or("");
  if (text.empty())
    return std::nullopt;
  const auto colon = text.find(':');
  const auto digits = colon == std::string::npos ? "" : text.substr(1, colon - 1);
  if (text[0] != order || digits.empty() || digits.size() > 18 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    throw Refused{HWLAB_INVALID, "a cursor that is none, or of another order"};
  const std::string id = text.substr(colon + 1);
  return Store::Place{std::stoll(digits), id_of(view(id))};
}

hwlab_status list(void* self, const hwlab_call* call,
                  const hwlab_list_conversations_request* request,
                  hwlab_list_conversations_result* out, hwlab_error* error) {
  return run(self, call, request, out, error,
             [](const auto& asked, auto ask, hwlab_list_conversations_result& result) {
               auto block = std::make_unique<Block>();
               if ((asked.order != HWLAB_ORDER_STARTED && asked.order != HWLAB_ORDER_ACTIVE) ||
                   asked.limit > 100)
                 throw Refused{HWLAB_INVALID, "an order or a limit that there is not"};
               const bool by_activity = asked.order == HWLAB_ORDER_ACTIVE;
               const char order = by_activity ? 'a' : 's';
               const std::size_t limit = asked.limit == 0 ? 100 : asked.limit;
               const auto behind = place_of(asked.cursor, order);
               ask(false);
               auto& found = block->conversations;
               found = store().list(by_activity, behind, limit + 1);
               if (found.size() > limit) {
                 found.resize(limit);
                 const Conversation& last = found.back();
                 block->cursor = order +
                                 std::to_string(by_activity ? last.active_at : last.started_at) +
                                 ":" + last.id;
                 result.next_cursor = view(block->cursor);
               }
               for (const Conversation& each : found)
                 block->conversation_records.push_back(record_of(each));
               result.conversations =
                   pointers_to(block->conversation_records, block->conversation_pointers);
               result.conversation_count = found.size();
               give(result.head, std::move(block), false);
             });
}

}  // namespace

#ifndef BROKEN_TABLE_SIZE
#define BROKEN_TABLE_SIZE sizeof(hwlab_conversation_store)
#endif
const hwlab_conversation_store hooks = {
    BROKEN_TABLE_SIZE, HWLAB_ABI_MINOR, create, add, append, get, list};

}  // namespace hwlab::broken
