#include "store/read.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "store/attempts.h"
#include "store/error.h"
#include "store/fields.h"

namespace hwlab::store {
namespace {

struct ConversationRow {
  std::string_view id;
  std::string_view model;
  std::optional<std::string_view> title;
  std::optional<std::string_view> metadata;
  Numbers numbers;

  [[nodiscard]] Micros active_at() const { return numbers.time(1); }

  [[nodiscard]] Conversation to_conversation() const {
    Conversation conversation{.id = id,
                              .model = model,
                              .title = title,
                              .metadata = metadata,
                              .started_at = numbers.time(0),
                              .last_message_at = {},
                              .message_count = numbers.number(2),
                              .last_seq = numbers.number(3)};
    if (conversation.message_count > 0)
      conversation.last_message_at = active_at();
    return conversation;
  }
};

// A row of thread_from_first and thread_from_last. libpqxx copies what keeps the result alive with
// each field, and with each iterator that is dereferenced; so one iterator goes through the
// columns, and is taken for the field that it also is.
struct ThreadRow {
  std::int64_t seq = 0;  // 0: the conversation
  std::string_view id;
  std::string_view role;                    // or model
  std::optional<std::string_view> content;  // or title
  std::optional<std::string_view> metadata;
  Numbers numbers;

  explicit ThreadRow(const pqxx::row& row) {
    auto column = row.begin();
    const pqxx::field& field = column;
    seq = integer_of(field);
    ++column;
    id = text_of(field);
    ++column;
    role = text_of(field);
    ++column;
    content = optional_text_of(field);
    ++column;
    metadata = optional_text_of(field);
    ++column;
    numbers = Numbers(text_of(field));
  }

  [[nodiscard]] Message to_message() const {
    return {.id = id,
            .role = role,
            .content = content.value_or(std::string_view()),
            .metadata = metadata,
            .seq = seq,
            .created_at = numbers.time(0)};
  }

  [[nodiscard]] Conversation to_conversation() const {
    return ConversationRow{
        .id = id, .model = role, .title = content, .metadata = metadata, .numbers = numbers}
        .to_conversation();
  }
};

}  // namespace

Thread read_thread(Pool& pool, const Statements& statements, const Uuid& conversation,
                   const ThreadRange& range, Deadline deadline) {
  const std::string id = to_text(conversation);
  const std::string after = std::to_string(range.after_seq);
  const std::string before =
      std::to_string(range.before_seq.value_or(std::numeric_limits<std::int64_t>::max()));
  const auto limit = range.last ? range.last : range.first;
  // One more than is wanted tells whether there is more.
  const std::string one_more = limit ? std::to_string(std::uint64_t{*limit} + 1) : std::string();
  const Statement& statement =
      range.last ? statements.thread_from_last : statements.thread_from_first;

  const auto rows =
      std::make_shared<const pqxx::result>(repeat_until(deadline, pool, [&](Session& session) {
        return session.run(
            statement,
            {id, after, before, limit ? std::optional<std::string_view>(one_more) : std::nullopt});
      }));
  if (rows->empty())
    throw Error(Kind::not_found, "there is no conversation " + id);

  Thread thread;
  thread.rows = rows;
  thread.messages.reserve(static_cast<std::size_t>(rows->size()) - 1);
  for (auto at = rows->begin(), end = rows->end(); at != end; ++at) {
    const pqxx::row& row = at;
    const ThreadRow read(row);
    if (read.seq == 0)
      thread.conversation = read.to_conversation();
    else
      thread.messages.push_back(read.to_message());
  }
  if (limit && thread.messages.size() > *limit) {
    thread.messages.pop_back();
    thread.cut = true;
  }
  if (range.last)
    std::reverse(thread.messages.begin(), thread.messages.end());
  return thread;
}

Listing list(Pool& pool, const Statements& statements, Order order,
             const std::optional<Cursor>& after, std::uint32_t limit, Deadline deadline) {
  const std::string at = after ? std::to_string(after->at) : std::string();
  const std::string id =
      after ? to_text(after->id) : std::string("ffffffff-ffff-ffff-ffff-ffffffffffff");
  const std::string one_more = std::to_string(std::uint64_t{limit} + 1);
  const Statement& statement =
      order == Order::started ? statements.list_by_start : statements.list_by_activity;

  const auto rows =
      std::make_shared<const pqxx::result>(repeat_until(deadline, pool, [&](Session& session) {
        return session.run(
            statement, {after ? std::optional<std::string_view>(at) : std::nullopt, id, one_more});
      }));

  Listing listing;
  listing.rows = rows;
  listing.conversations.reserve(limit);
  Micros last_at = 0;
  for (const auto& row : *rows) {
    if (listing.conversations.size() == limit) {
      const auto last_id = parse_uuid(listing.conversations.back().id);
      listing.next_cursor = to_text(Cursor{.order = order, .at = last_at, .id = last_id.value()});
      break;
    }
    const ConversationRow read{.id = text_of(row[0]),
                               .model = text_of(row[1]),
                               .title = optional_text_of(row[2]),
                               .metadata = optional_text_of(row[3]),
                               .numbers = Numbers(text_of(row[4]))};
    const Conversation conversation = read.to_conversation();
    last_at = order == Order::started ? conversation.started_at : read.active_at();
    listing.conversations.push_back(conversation);
  }
  return listing;
}

}  // namespace hwlab::store
