#include "plugin/conversation_hooks.h"

#include <set>
#include <string>
#include <vector>

#include "plugin/block.h"
#include "plugin/checks.h"
#include "plugin/hook.h"
#include "store/model.h"

namespace hwlab::plugin {
namespace {

using store::Deadline;

constexpr std::size_t longest_label = 1024;  // bytes of a model or a title
constexpr std::size_t most_messages = 10'000;
constexpr std::uint32_t longest_page = 100;
constexpr std::size_t longest_cursor = 256;
constexpr std::size_t uuid_size = 36;

hwlab_text borrowed(std::string_view text) {
  // Not null for an empty text: null means absent.
  return {text.data() != nullptr ? text.data() : "", text.size()};
}

hwlab_text borrowed(const std::optional<std::string_view>& text) {
  return text ? borrowed(*text) : hwlab_text{};
}

// ---- requests ----

store::NewMessage read_message(const hwlab_new_message* from, const config::Settings& settings) {
  const auto message = read_struct(from, "a message");
  return {.id = check_id_or_make(message.id, "the message's id"),
          .role = check_role(message.role),
          .content = check_present(message.content, "the content", settings.limits.content),
          .metadata = check_metadata(message.metadata, settings.limits.metadata),
          .created_at = check_time(message.created_at_us, "created_at_us")};
}

std::optional<std::int64_t> read_expected_seq(std::int64_t expected) {
  if (expected < HWLAB_EXPECT_EMPTY)
    throw Refusal("expected_seq must be 0, HWLAB_EXPECT_EMPTY, or the seq of a message");
  if (expected == 0)
    return std::nullopt;
  return expected == HWLAB_EXPECT_EMPTY ? 0 : expected;
}

store::Append read_append(const hwlab_append_messages_request& request,
                          const config::Settings& settings) {
  if (request.messages == nullptr || request.message_count == 0)
    throw Refusal("there is no message to append");
  if (request.message_count > most_messages)
    throw Refusal("at most 10,000 messages are taken at once: append them in several calls");
  store::Append unit{.conversation = check_id(request.conversation_id, "the conversation's id"),
                     .messages = {},
                     .expected_seq = read_expected_seq(request.expected_seq)};
  const std::size_t most_bytes =
      std::max(settings.append.max_waiting_bytes, settings.limits.content);
  std::set<store::Uuid> ids;
  std::size_t bytes = 0;
  unit.messages.reserve(request.message_count);
  for (std::size_t i = 0; i < request.message_count; ++i) {
    unit.messages.push_back(read_message(request.messages[i], settings));
    if (!ids.insert(unit.messages.back().id).second)
      throw Refusal("two messages of one call have the same id");
    const store::NewMessage& message = unit.messages.back();
    bytes += message.content.size() + message.metadata.value_or("").size();
    if (bytes > most_bytes)
      throw Refusal("the messages have more than " + std::to_string(most_bytes) +
                    " bytes together: append them in several calls");
  }
  return unit;
}

store::ThreadRange read_range(const hwlab_get_conversation_request& request) {
  if (request.after_seq < 0 || request.before_seq < 0)
    throw Refusal("after_seq and before_seq must not be negative");
  if (request.last_n != 0 && request.limit != 0)
    throw Refusal("last_n and limit cannot both be given");
  store::ThreadRange range{
      .after_seq = request.after_seq, .before_seq = {}, .first = {}, .last = {}};
  if (request.before_seq != 0)
    range.before_seq = request.before_seq;
  if (request.limit != 0)
    range.first = request.limit;
  if (request.last_n != 0)
    range.last = request.last_n;
  return range;
}

// ---- results ----

// A result of a write. It is made before anything is sent, so that afterwards nothing can be lost
// for want of memory: the ids that an unknown outcome must be repeated with least of all.
template <typename Result>
struct Prepared {
  Block::Owner block;
  Result result{};

  void give_to(ResultSlot<Result>& slot, bool existed) noexcept {
    result.head.flags = existed ? HWLAB_EXISTED : 0U;
    Block::hand_over(std::move(block), result.head);
    slot.fill(result);
  }
};

// Runs `send`, which fills the prepared result and returns whether it existed, and gives it out, on
// success and beside an unknown outcome.
template <typename Result, typename Send>
void send_and_give(Prepared<Result>& prepared, ResultSlot<Result>& slot, Send send) {
  bool existed = false;
  try {
    existed = send(prepared.result);
  } catch (const store::Error& failure) {
    if (failure.maybe_applied())
      prepared.give_to(slot, false);
    throw;
  }
  prepared.give_to(slot, existed);
}

// For results with one id.
template <typename Result>
Prepared<Result> prepare_result(const store::Uuid& id) {
  Prepared<Result> prepared{.block = Block::make(Block::Size().text(uuid_size))};
  prepared.result.id = prepared.block->text(store::to_text(id));
  return prepared;
}

struct PreparedAppend : Prepared<hwlab_append_messages_result> {
  hwlab_appended* records = nullptr;
};

PreparedAppend prepare_append(const store::Append& unit) {
  const std::size_t count = unit.messages.size();
  PreparedAppend prepared;
  prepared.block = Block::make(
      Block::Size().array<hwlab_appended>(count).array<const hwlab_appended*>(count).text(
          uuid_size * count));
  prepared.records = prepared.block->array<hwlab_appended>(count);
  auto* const pointers = prepared.block->array<const hwlab_appended*>(count);
  for (std::size_t i = 0; i < count; ++i) {
    prepared.records[i].struct_size = sizeof(hwlab_appended);
    prepared.records[i].id = prepared.block->text(store::to_text(unit.messages[i].id));
    pointers[i] = &prepared.records[i];
  }
  prepared.result.messages = pointers;
  prepared.result.message_count = count;
  return prepared;
}

hwlab_conversation to_record(const store::Conversation& from) {
  hwlab_conversation to{};
  to.struct_size = sizeof to;
  to.id = borrowed(from.id);
  to.model = borrowed(from.model);
  to.title = borrowed(from.title);
  to.metadata = borrowed(from.metadata);
  to.started_at_us = from.started_at;
  to.last_message_at_us = from.last_message_at.value_or(0);
  to.message_count = from.message_count;
  to.last_seq = from.last_seq;
  return to;
}

hwlab_message to_record(const store::Message& from) {
  hwlab_message to{};
  to.struct_size = sizeof to;
  to.id = borrowed(from.id);
  to.role = borrowed(from.role);
  to.content = borrowed(from.content);
  to.metadata = borrowed(from.metadata);
  to.seq = from.seq;
  to.created_at_us = from.created_at;
  return to;
}

// The records of a result and the pointers to them, in the block.
template <typename Record, typename Source>
const Record* const* to_records(Block& block, const std::vector<Source>& from) {
  if (from.empty())
    return nullptr;
  auto* const records = block.array<Record>(from.size());
  auto* const pointers = block.array<const Record*>(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    records[i] = to_record(from[i]);
    pointers[i] = &records[i];
  }
  return pointers;
}

hwlab_get_conversation_result thread_result(const store::Thread& thread, bool from_last) {
  const std::size_t count = thread.messages.size();
  Block::Owner block = Block::make(Block::Size()
                                       .array<hwlab_conversation>(1)
                                       .array<hwlab_message>(count)
                                       .array<const hwlab_message*>(count),
                                   thread.rows);
  hwlab_get_conversation_result result{};
  auto* const conversation = block->array<hwlab_conversation>(1);
  *conversation = to_record(thread.conversation);
  result.conversation = conversation;
  result.messages = to_records<hwlab_message>(*block, thread.messages);
  result.message_count = count;
  if (thread.cut && from_last)
    result.next_before_seq = thread.messages.front().seq;
  else if (thread.cut)
    result.next_after_seq = thread.messages.back().seq;
  Block::hand_over(std::move(block), result.head);
  return result;
}

hwlab_list_conversations_result listing_result(const store::Listing& listing) {
  const std::size_t count = listing.conversations.size();
  const std::size_t cursor_size = listing.next_cursor ? listing.next_cursor->size() : 0;
  Block::Owner block = Block::make(
      Block::Size().array<hwlab_conversation>(count).array<const hwlab_conversation*>(count).text(
          cursor_size),
      listing.rows);
  hwlab_list_conversations_result result{};
  result.conversations = to_records<hwlab_conversation>(*block, listing.conversations);
  result.conversation_count = count;
  if (listing.next_cursor)
    result.next_cursor = block->text(*listing.next_cursor);
  Block::hand_over(std::move(block), result.head);
  return result;
}

// ---- hooks ----

hwlab_status create_conversation(void* self, const hwlab_call* call,
                                 const hwlab_create_conversation_request* request,
                                 hwlab_create_conversation_result* result, hwlab_error* error) {
  return run_hook(
      self, call, request, result, error,
      [](Instance& instance, const hwlab_create_conversation_request& asked, Deadline deadline,
         ResultSlot<hwlab_create_conversation_result>& slot) {
        const store::NewConversation conversation{
            .id = check_id_or_make(asked.id, "the conversation's id"),
            .model = check_text(asked.model, "the model", longest_label).value_or(""),
            .title = check_text(asked.title, "the title", longest_label),
            .metadata = check_metadata(asked.metadata, instance.settings().limits.metadata)};
        auto prepared = prepare_result<hwlab_create_conversation_result>(conversation.id);
        send_and_give(prepared, slot, [&](hwlab_create_conversation_result& answer) {
          const auto created = instance.store().create(conversation, deadline);
          answer.started_at_us = created.started_at;
          return created.existed;
        });
      });
}

hwlab_status add_message(void* self, const hwlab_call* call,
                         const hwlab_add_message_request* request, hwlab_add_message_result* result,
                         hwlab_error* error) {
  return run_hook(self, call, request, result, error,
                  [](Instance& instance, const hwlab_add_message_request& asked, Deadline deadline,
                     ResultSlot<hwlab_add_message_result>& slot) {
                    const store::Append unit{
                        .conversation = check_id(asked.conversation_id, "the conversation's id"),
                        .messages = {read_message(asked.message, instance.settings())},
                        .expected_seq = read_expected_seq(asked.expected_seq)};
                    auto prepared =
                        prepare_result<hwlab_add_message_result>(unit.messages.front().id);
                    send_and_give(prepared, slot, [&](hwlab_add_message_result& answer) {
                      const auto appended = instance.store().append(unit, deadline);
                      answer.seq = appended.messages.front().seq;
                      answer.created_at_us = appended.messages.front().created_at;
                      return appended.existed;
                    });
                  });
}

hwlab_status append_messages(void* self, const hwlab_call* call,
                             const hwlab_append_messages_request* request,
                             hwlab_append_messages_result* result, hwlab_error* error) {
  return run_hook(self, call, request, result, error,
                  [](Instance& instance, const hwlab_append_messages_request& asked,
                     Deadline deadline, ResultSlot<hwlab_append_messages_result>& slot) {
                    const store::Append unit = read_append(asked, instance.settings());
                    auto prepared = prepare_append(unit);
                    send_and_give<hwlab_append_messages_result>(
                        prepared, slot, [&](hwlab_append_messages_result&) {
                          const auto appended = instance.store().append(unit, deadline);
                          for (std::size_t i = 0; i < appended.messages.size(); ++i) {
                            prepared.records[i].seq = appended.messages[i].seq;
                            prepared.records[i].created_at_us = appended.messages[i].created_at;
                          }
                          return appended.existed;
                        });
                  });
}

hwlab_status get_conversation(void* self, const hwlab_call* call,
                              const hwlab_get_conversation_request* request,
                              hwlab_get_conversation_result* result, hwlab_error* error) {
  return run_hook(self, call, request, result, error,
                  [](Instance& instance, const hwlab_get_conversation_request& asked,
                     Deadline deadline, ResultSlot<hwlab_get_conversation_result>& slot) {
                    const auto id = check_id(asked.id, "the conversation's id");
                    const auto range = read_range(asked);
                    const store::Thread thread = instance.store().thread(id, range, deadline);
                    slot.fill(thread_result(thread, range.last.has_value()));
                  });
}

hwlab_status list_conversations(void* self, const hwlab_call* call,
                                const hwlab_list_conversations_request* request,
                                hwlab_list_conversations_result* result, hwlab_error* error) {
  return run_hook(
      self, call, request, result, error,
      [](Instance& instance, const hwlab_list_conversations_request& asked, Deadline deadline,
         ResultSlot<hwlab_list_conversations_result>& slot) {
        if (asked.order != HWLAB_ORDER_STARTED && asked.order != HWLAB_ORDER_ACTIVE)
          throw Refusal("the order must be HWLAB_ORDER_STARTED or HWLAB_ORDER_ACTIVE");
        if (asked.limit > longest_page)
          throw Refusal("limit must be 1 to 100, or 0 for 100: go on with next_cursor");
        const auto cursor = check_text(asked.cursor, "the cursor", longest_cursor);
        slot.fill(listing_result(instance.store().list(
            asked.order == HWLAB_ORDER_STARTED ? store::Order::started : store::Order::active,
            cursor.value_or(""), asked.limit == 0 ? longest_page : asked.limit, deadline)));
      });
}

constexpr hwlab_conversation_store hooks = {
    .struct_size = sizeof(hwlab_conversation_store),
    .abi_minor = HWLAB_ABI_MINOR,
    .create_conversation = create_conversation,
    .add_message = add_message,
    .append_messages = append_messages,
    .get_conversation = get_conversation,
    .list_conversations = list_conversations,
};

}  // namespace

const hwlab_conversation_store& conversation_hooks() noexcept {
  return hooks;
}

}  // namespace hwlab::plugin
