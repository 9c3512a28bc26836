#include "store/append_statement.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "store/binary_array.h"
#include "store/fields.h"

namespace hwlab::store {
namespace {

Units by_conversation(Units units) {
  // As the server sorts ids, which some of the statements need.
  std::stable_sort(units.begin(), units.end(), [](const AppendUnit* one, const AppendUnit* other) {
    return one->request.conversation < other->request.conversation;
  });
  return units;
}

bool share_conversation(const AppendUnit* one, const AppendUnit* other) {
  return one->request.conversation == other->request.conversation;
}

// One message, without anything that only append_batch knows.
bool is_plain(const AppendUnit* unit) {
  const Append& request = unit->request;
  return request.messages.size() == 1 && !request.messages.front().created_at &&
         !request.expected_seq;
}

struct Row {
  std::int64_t place = 0;  // of the conversation, from 1
  std::int64_t seq = 0;
  Micros created_at = 0;

  bool operator<(const Row& other) const {
    return place != other.place ? place < other.place : seq < other.seq;
  }
};

// The rows come in any order.
std::vector<Row> in_order(const pqxx::result& rows) {
  std::vector<Row> sorted;
  sorted.reserve(static_cast<std::size_t>(rows.size()));
  for (const auto& row : rows)
    sorted.push_back({integer_of(row[0]), integer_of(row[1]), time_of(row[2])});
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::size_t bytes_of(const Units& units) {
  std::size_t bytes = 0;
  for (const AppendUnit* unit : units)
    bytes += unit->bytes;
  return bytes;
}

// What append_batch is told of a conversation.
struct Target {
  Uuid id;
  std::optional<std::int64_t> expected_seq;
  std::int32_t messages = 0;
  std::optional<Micros> latest = {};          // of the times that were given
  std::optional<std::int32_t> last_now = {};  // the place of the last message without a time
};

}  // namespace

AppendStatement::AppendStatement(Units units, Locked locked, const Statements& statements)
    : units_(by_conversation(std::move(units))),
      statements_(statements),
      locked_(locked),
      form_(form(locked)) {}

auto AppendStatement::form(Locked locked) const -> Form {
  if (!std::all_of(units_.begin(), units_.end(), is_plain))
    return Form::batch;
  if (locked == Locked::wait)
    return units_.size() == 1 ? Form::one : Form::batch;
  const bool differ =
      std::adjacent_find(units_.begin(), units_.end(), share_conversation) == units_.end();
  return differ ? Form::each : Form::batch;
}

pqxx::result AppendStatement::run(Session& session) const {
  switch (form_) {
    case Form::one:
      return run_one(session);
    case Form::each:
      return run_each(session);
    case Form::batch:
      break;
  }
  return run_batch(session);
}

pqxx::result AppendStatement::run_one(Session& session) const {
  const Append& request = units_.front()->request;
  const NewMessage& message = request.messages.front();
  return session.run(statements_.append_one, {to_text(message.id), to_text(request.conversation),
                                              message.role, message.content, message.metadata});
}

pqxx::result AppendStatement::run_each(Session& session) const {
  BinaryArray<Uuid> conversations;
  BinaryArray<Uuid> ids;
  BinaryArray<std::string_view> roles;
  BinaryArray<std::string_view> contents;
  BinaryArray<std::string_view> metadata;
  contents.reserve(units_.size(), bytes_of(units_));
  for (const AppendUnit* unit : units_) {
    const NewMessage& message = unit->request.messages.front();
    conversations.add(unit->request.conversation);
    ids.add(message.id);
    roles.add(message.role);
    contents.add(message.content);
    metadata.add(message.metadata);
  }
  return session.run(statements_.append_each,
                     Arrays{conversations.finish(), ids.finish(), roles.finish(), contents.finish(),
                            metadata.finish()});
}

pqxx::result AppendStatement::run_batch(Session& session) const {
  std::vector<Target> targets;
  BinaryArray<Uuid> ids;
  BinaryArray<std::int32_t> places;  // of the conversations
  BinaryArray<std::int32_t> message_places;
  BinaryArray<std::string_view> roles;
  BinaryArray<std::string_view> contents;
  BinaryArray<std::string_view> metadata;
  BinaryArray<std::int64_t> times;
  contents.reserve(units_.size(), bytes_of(units_));
  const AppendUnit* last = nullptr;
  for (const AppendUnit* unit : units_) {
    const Append& request = unit->request;
    if (last == nullptr || !share_conversation(last, unit))
      targets.push_back({.id = request.conversation, .expected_seq = request.expected_seq});
    last = unit;
    Target& target = targets.back();
    for (const NewMessage& message : request.messages) {
      ids.add(message.id);
      places.add(static_cast<std::int32_t>(targets.size()));
      message_places.add(++target.messages);
      roles.add(message.role);
      contents.add(message.content);
      metadata.add(message.metadata);
      times.add(message.created_at);
      if (message.created_at)
        target.latest = std::max(target.latest, message.created_at);
      else
        target.last_now = target.messages;
    }
  }
  BinaryArray<Uuid> conversations;
  BinaryArray<std::int32_t> counts;
  BinaryArray<std::int64_t> expected_seqs;
  BinaryArray<std::int64_t> latest_times;
  BinaryArray<std::int32_t> last_nows;
  for (const Target& target : targets) {
    conversations.add(target.id);
    counts.add(target.messages);
    expected_seqs.add(target.expected_seq);
    latest_times.add(target.latest);
    last_nows.add(target.last_now);
  }
  return session.run(
      locked_ == Locked::skip ? statements_.append_batch : statements_.append_waiting,
      Arrays{conversations.finish(), counts.finish(), expected_seqs.finish(), latest_times.finish(),
             last_nows.finish(), ids.finish(), places.finish(), message_places.finish(),
             roles.finish(), contents.finish(), metadata.finish(), times.finish()});
}

Units AppendStatement::keep(const pqxx::result& rows) const {
  const std::vector<Row> sorted = in_order(rows);
  auto row = sorted.begin();
  Units without_rows;
  std::int64_t place = 0;
  const AppendUnit* last = nullptr;
  for (AppendUnit* unit : units_) {
    if (last == nullptr || !share_conversation(last, unit))
      ++place;
    last = unit;
    Appended appended;
    appended.messages.reserve(unit->request.messages.size());
    for (; appended.messages.size() < unit->request.messages.size() && row != sorted.end() &&
           row->place == place;
         ++row)
      appended.messages.push_back({.seq = row->seq, .created_at = row->created_at});
    if (appended.messages.empty())
      without_rows.push_back(unit);
    else
      unit->result = AttemptResult::stored(std::move(appended));
  }
  return without_rows;
}

}  // namespace hwlab::store
