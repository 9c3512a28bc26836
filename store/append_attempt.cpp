#include "store/append_attempt.h"

#include <algorithm>
#include <boost/functional/hash.hpp>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "store/array_literal.h"
#include "store/error.h"

namespace hwlab::store {
namespace {

using Outcome = AttemptResult::Outcome;
template <typename Value>
using ById = std::unordered_map<Uuid, Value, boost::hash<Uuid>>;

void add_text(ArrayLiteral& column, const std::optional<std::string_view>& element) {
  element ? column.add(*element) : column.add_null();
}

template <typename Number>
void add_number(ArrayLiteral& column, const std::optional<Number>& element) {
  element ? column.add(std::to_string(*element)) : column.add_null();
}

std::size_t bytes_of(const Units& units) {
  std::size_t bytes = 0;
  for (const AppendUnit* unit : units)
    bytes += unit->bytes + unit->request.messages.size() * 4;
  return bytes + bytes / 16;  // and some for what must be escaped
}

// Messages as one array for each column.
struct MessageColumns {
  ArrayLiteral ids;
  ArrayLiteral roles;
  ArrayLiteral contents;
  ArrayLiteral metadata;

  explicit MessageColumns(const Units& units) { contents.reserve(bytes_of(units)); }

  void add(const NewMessage& message) {
    ids.add(to_text(message.id));
    roles.add(message.role);
    contents.add(message.content);
    add_text(metadata, message.metadata);
  }
};

// The message when there is only one, without anything that append_one does not know.
const NewMessage* plain_message(const Units& units) {
  const Append& first = units.front()->request;
  const NewMessage& message = first.messages.front();
  const bool is_plain =
      units.size() == 1 && first.messages.size() == 1 && !message.created_at && !first.expected_seq;
  return is_plain ? &message : nullptr;
}

// Error: the statement did not find what the unit's counter says.
Error counter_differs() {
  return {Kind::internal,
          "the conversation's counter differs from its messages: run 'hwlab-host repair'"};
}

// The connection may have been lost because our own watchdog cut it.
Error lost(const StatementFailed& failure, Deadline deadline) {
  if (deadline.passed())
    return {Kind::timeout, "the server did not answer by the deadline"};
  return failure.to_error();
}

}  // namespace

Units AppendAttempt::send(const Units& units, Locked locked) {
  locked_ = locked;
  without_rows_.clear();
  Units to_send;
  Units in_question;
  for (AppendUnit* unit : units) {
    unit->result = AttemptResult::not_sent();
    (unit->look_first ? in_question : to_send).push_back(unit);
  }
  try {
    for (AppendUnit* unit : look_up(in_question)) {
      if (unit->collided) {
        unit->result = AttemptResult::refused(counter_differs());
        continue;
      }
      unit->look_first = false;
      to_send.push_back(unit);
    }
  } catch (const StatementFailed& failure) {
    not_done(failure, in_question);
  }
  if (usable_ && !to_send.empty())
    send_some(to_send, false);
  return std::exchange(without_rows_, {});
}

void AppendAttempt::send_some(const Units& units, bool looked_up) {
  for (AppendUnit* unit : units)
    unit->result = AttemptResult::unknown();
  try {
    keep_rows(units, run(units));
  } catch (const StatementFailed& failure) {
    take_note_of(failure, units, looked_up);
  }
}

void AppendAttempt::take_note_of(const StatementFailed& failure, const Units& units,
                                 bool looked_up) {
  const bool alone = units.size() == 1;
  switch (failure.judgement().next) {
    case Next::look_up:
      usable_ = false;
      session_.discard();
      for (AppendUnit* unit : units) {
        unit->look_first = true;
        unit->result = AttemptResult::unknown(lost(failure, unit->deadline));
      }
      return;
    case Next::fail:
      if (!alone)
        return send_halves(units);
      units.front()->result = AttemptResult::refused(failure.to_error());
      return;
    case Next::collided:
      if (looked_up && !alone)
        return send_halves(units);
      not_done(failure, units);
      if (looked_up) {
        units.front()->look_first = true;
        units.front()->collided = true;
        return;
      }
      try {
        // Those that are stored already are settled, and the others can go.
        if (const Units rest = look_up(units); !rest.empty())
          send_some(rest, true);
      } catch (const StatementFailed& second) {
        not_done(second, units);
      }
      return;
    case Next::repeat:
    case Next::reconnect:
    case Next::unprepared:
      not_done(failure, units);
      return;
  }
}

// One of them is at fault, and the statement does not tell which.
void AppendAttempt::send_halves(const Units& units) {
  for (AppendUnit* unit : units)
    unit->result = AttemptResult::not_sent();
  const auto middle = units.begin() + static_cast<std::ptrdiff_t>(units.size() / 2);
  send_some(Units(units.begin(), middle), false);
  if (usable_)
    send_some(Units(middle, units.end()), false);
}

// For those that are not settled yet: nothing of them was stored.
void AppendAttempt::not_done(const StatementFailed& failure, const Units& units) {
  if (!failure.judgement().keeps_connection()) {
    usable_ = false;
    session_.discard();
  }
  for (AppendUnit* unit : units)
    if (unit->result.outcome == Outcome::not_sent || unit->result.outcome == Outcome::unknown)
      unit->result = AttemptResult::not_sent(lost(failure, unit->deadline));
}

pqxx::result AppendAttempt::run(const Units& units) {
  if (const NewMessage* const message = plain_message(units);
      message != nullptr && locked_ == Locked::wait)
    return session_->run(statements_.append_one,
                         {to_text(message->id), units.front()->conversation, message->role,
                          message->content, message->metadata});

  struct Target {
    const AppendUnit* first = nullptr;  // of its units
    int messages = 0;
    std::optional<Micros> latest;  // of the times that were given
    std::optional<int> last_now;   // the place of the last message without a time
  };
  std::vector<Target> conversations;
  ById<std::size_t> places;  // among them, from 1
  MessageColumns messages(units);
  ArrayLiteral message_conversations;
  ArrayLiteral message_places;
  ArrayLiteral times;
  for (const AppendUnit* unit : units) {
    std::size_t& place = places[unit->request.conversation];
    if (place == 0) {
      conversations.emplace_back().first = unit;
      place = conversations.size();
    }
    Target& conversation = conversations[place - 1];
    for (const NewMessage& message : unit->request.messages) {
      messages.add(message);
      message_conversations.add(std::to_string(place));
      message_places.add(std::to_string(++conversation.messages));
      add_number(times, message.created_at);
      if (message.created_at)
        conversation.latest = std::max(conversation.latest, message.created_at);
      else
        conversation.last_now = conversation.messages;
    }
  }
  ArrayLiteral ids;
  ArrayLiteral counts;
  ArrayLiteral expected_seqs;
  ArrayLiteral latest_times;
  ArrayLiteral last_nows;
  for (const Target& conversation : conversations) {
    ids.add(conversation.first->conversation);
    counts.add(std::to_string(conversation.messages));
    add_number(expected_seqs, conversation.first->request.expected_seq);
    add_number(latest_times, conversation.latest);
    add_number(last_nows, conversation.last_now);
  }
  return session_->run(
      locked_ == Locked::skip ? statements_.append_batch : statements_.append_waiting,
      {ids.finish(), counts.finish(), expected_seqs.finish(), latest_times.finish(),
       last_nows.finish(), messages.ids.finish(), message_conversations.finish(),
       message_places.finish(), messages.roles.finish(), messages.contents.finish(),
       messages.metadata.finish(), times.finish()});
}

// The rows come in any order.
void AppendAttempt::keep_rows(const Units& units, const pqxx::result& rows) {
  ById<Appended::Message> stored;
  stored.reserve(static_cast<std::size_t>(rows.size()));
  for (const auto& row : rows)
    stored[parse_uuid(row[0].c_str()).value()] = {.seq = row[1].as<std::int64_t>(),
                                                  .created_at = row[2].as<Micros>()};
  for (AppendUnit* unit : units) {
    Appended appended;
    appended.messages.reserve(unit->request.messages.size());
    for (const NewMessage& message : unit->request.messages)
      if (const auto found = stored.find(message.id); found != stored.end())
        appended.messages.push_back(found->second);
    if (appended.messages.empty())
      without_rows_.push_back(unit);
    else
      unit->result = AttemptResult::stored(std::move(appended));
  }
}

// Settles the units of which messages are stored already, and returns the others.
Units AppendAttempt::look_up(const Units& units) {
  if (units.empty())
    return {};
  MessageColumns messages(units);
  ArrayLiteral conversations;
  std::vector<std::size_t> first_place;  // of each unit's messages
  std::size_t places = 0;
  for (const AppendUnit* unit : units) {
    first_place.push_back(places);
    places += unit->request.messages.size();
    for (const NewMessage& message : unit->request.messages) {
      messages.add(message);
      conversations.add(unit->conversation);
    }
  }
  const pqxx::result rows =
      session_->run(statements_.find_messages,
                    {messages.ids.finish(), conversations.finish(), messages.roles.finish(),
                     messages.contents.finish(), messages.metadata.finish()});
  struct Found {
    Appended appended;
    std::size_t other = 0;  // the place of a message whose id stands for another one
  };
  std::vector<Found> found(units.size());
  for (const auto& row : rows) {
    const auto place = row[0].as<std::size_t>() - 1;
    const auto after = std::upper_bound(first_place.begin(), first_place.end(), place);
    Found& of_unit = found[static_cast<std::size_t>(std::distance(first_place.begin(), after)) - 1];
    if (!row[3].as<bool>() && of_unit.other == 0)
      of_unit.other = place - *std::prev(after) + 1;
    if (!row[1].is_null())
      of_unit.appended.messages.push_back(
          {.seq = row[1].as<std::int64_t>(), .created_at = row[2].as<Micros>()});
  }

  Units rest;
  for (std::size_t i = 0; i < units.size(); ++i) {
    AppendUnit& unit = *units[i];
    Found& of_unit = found[i];
    if (of_unit.other != 0) {
      unit.result = AttemptResult::refused(
          {Kind::conflict, "the id of message " + std::to_string(of_unit.other) +
                               " of this call stands for another message"});
    } else if (of_unit.appended.messages.empty()) {
      rest.push_back(&unit);
    } else if (of_unit.appended.messages.size() != unit.request.messages.size()) {
      unit.result = AttemptResult::refused(
          {Kind::conflict, "some messages of this call are stored already, and others are not"});
    } else {
      of_unit.appended.existed = true;
      unit.result = AttemptResult::stored(std::move(of_unit.appended));
    }
  }
  return rest;
}

void AppendAttempt::explain(const Units& units) {
  // No row means that nothing was stored now, but perhaps before.
  for (AppendUnit* unit : units)
    unit->result = AttemptResult::not_sent();
  try {
    const Units rest = look_up(units);
    if (rest.empty())
      return;
    ArrayLiteral conversations;
    for (const AppendUnit* unit : rest)
      conversations.add(unit->conversation);
    const pqxx::result rows = session_->run(statements_.last_seqs, {conversations.finish()});
    ById<std::int64_t> last_seqs;
    for (const auto& row : rows)
      last_seqs[parse_uuid(row[0].c_str()).value()] = row[1].as<std::int64_t>();
    for (AppendUnit* unit : rest) {
      const auto last_seq = last_seqs.find(unit->request.conversation);
      const auto& expected = unit->request.expected_seq;
      if (last_seq == last_seqs.end())
        unit->result = AttemptResult::refused(
            {Kind::not_found, "there is no conversation " + unit->conversation});
      else if (expected && *expected != last_seq->second)
        unit->result = AttemptResult::refused(Error::other_seq(*expected, last_seq->second));
      else  // somebody held it, or it has come to be as expected meanwhile
        unit->result = AttemptResult::not_sent(
            Error(Kind::timeout, "others held the conversation until the deadline"));
      unit->locked = unit->result.outcome == Outcome::not_sent;
    }
  } catch (const StatementFailed& failure) {
    not_done(failure, units);
  }
}

}  // namespace hwlab::store
