#include "store/read.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "store/attempts.h"
#include "store/error.h"

namespace hwlab::store {
namespace {

template <typename Field>
std::string_view text(const Field& field) {
  return {field.c_str(), field.size()};
}

template <typename Field>
std::optional<std::string_view> optional_text(const Field& field) {
  return field.is_null() ? std::nullopt : std::optional(text(field));
}

// A row of thread_from_first and thread_from_last. libpqxx copies what keeps the result alive with
// each field, and with each iterator that is dereferenced; so one iterator goes through the
// columns, and is taken for the field that it also is.
struct ThreadRow {
  std::int64_t seq = 0;  // 0: the conversation
  std::string_view id;
  std::string_view role;                    // or model
  std::optional<std::string_view> content;  // or title
  std::optional<std::string_view> metadata;
  std::string_view numbers;

  explicit ThreadRow(const pqxx::row& row) {
    auto column = row.begin();
    const pqxx::field& field = column;
    const auto digits = text(field);
    std::from_chars(digits.data(), digits.data() + digits.size(), seq);
    ++column;
    id = text(field);
    ++column;
    role = text(field);
    ++column;
    content = optional_text(field);
    ++column;
    metadata = optional_text(field);
    ++column;
    numbers = text(field);
  }

  [[nodiscard]] Message to_message() const {
    return {.id = id,
            .role = role,
            .content = content.value_or(std::string_view()),
            .metadata = metadata,
            .seq = seq,
            .created_at = time(0)};
  }

  [[nodiscard]] Conversation to_conversation() const {
    Conversation conversation{.id = id,
                              .model = role,
                              .title = content,
                              .metadata = metadata,
                              .started_at = time(0),
                              .last_message_at = {},
                              .message_count = number(2),
                              .last_seq = number(3)};
    if (conversation.message_count > 0)
      conversation.last_message_at = time(1);
    return conversation;
  }

 private:
  // Two's complement in hexadecimal digits.
  [[nodiscard]] std::int64_t number(std::size_t place) const {
    constexpr std::size_t digits = 16;
    const auto own = numbers.substr(place * digits, digits);
    std::uint64_t bits = 0;
    std::from_chars(own.data(), own.data() + own.size(), bits, 16);
    return static_cast<std::int64_t>(bits);
  }

  [[nodiscard]] Micros time(std::size_t place) const {
    constexpr Micros year_2000 = 946'684'800'000'000;
    const Micros since_2000 = number(place);
    // An earlier store may have kept "infinity", which is the greatest number.
    return since_2000 > std::numeric_limits<Micros>::max() - year_2000
               ? std::numeric_limits<Micros>::max()
               : since_2000 + year_2000;
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
    Conversation c;
    c.id = text(row[0]);
    c.model = text(row[1]);
    c.title = optional_text(row[2]);
    c.metadata = optional_text(row[3]);
    c.started_at = row[4].as<Micros>();
    if (!row[5].is_null())
      c.last_message_at = row[5].as<Micros>();
    c.message_count = row[6].as<std::int64_t>();
    c.last_seq = row[7].as<std::int64_t>();
    last_at = order == Order::started ? c.started_at : row[8].as<Micros>();
    listing.conversations.push_back(c);
  }
  return listing;
}

}  // namespace hwlab::store
