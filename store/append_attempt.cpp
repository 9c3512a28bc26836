#include "store/append_attempt.h"

#include <algorithm>
#include <boost/functional/hash.hpp>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "store/append_statement.h"
#include "store/binary_array.h"
#include "store/error.h"
#include "store/fields.h"

namespace hwlab::store {
namespace {

using Outcome = AttemptResult::Outcome;
template <typename Value>
using ById = std::unordered_map<Uuid, Value, boost::hash<Uuid>>;

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
    const AppendStatement statement(units, locked_, statements_);
    const Units without_rows = statement.keep(statement.run(*session_));
    without_rows_.insert(without_rows_.end(), without_rows.begin(), without_rows.end());
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

// Settles the units of which messages are stored already, and returns the others.
Units AppendAttempt::look_up(const Units& units) {
  if (units.empty())
    return {};
  BinaryArray<Uuid> ids;
  BinaryArray<Uuid> conversations;
  BinaryArray<std::string_view> roles;
  BinaryArray<std::string_view> contents;
  BinaryArray<std::string_view> metadata;
  std::vector<std::size_t> first_place;  // of each unit's messages
  std::size_t places = 0;
  for (const AppendUnit* unit : units) {
    first_place.push_back(places);
    places += unit->request.messages.size();
    for (const NewMessage& message : unit->request.messages) {
      ids.add(message.id);
      conversations.add(unit->request.conversation);
      roles.add(message.role);
      contents.add(message.content);
      metadata.add(message.metadata);
    }
  }
  const pqxx::result rows = session_->run(
      statements_.find_messages, Arrays{ids.finish(), conversations.finish(), roles.finish(),
                                        contents.finish(), metadata.finish()});
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
          {.seq = row[1].as<std::int64_t>(), .created_at = time_of(row[2])});
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
    BinaryArray<Uuid> conversations;
    for (const AppendUnit* unit : rest)
      conversations.add(unit->request.conversation);
    const pqxx::result rows = session_->run(statements_.last_seqs, Arrays{conversations.finish()});
    ById<std::int64_t> last_seqs;
    for (const auto& row : rows)
      last_seqs[parse_uuid(row[0].c_str()).value()] = row[1].as<std::int64_t>();
    for (AppendUnit* unit : rest) {
      const auto last_seq = last_seqs.find(unit->request.conversation);
      const auto& expected = unit->request.expected_seq;
      if (last_seq == last_seqs.end())
        unit->result = AttemptResult::refused(
            {Kind::not_found, "there is no conversation " + to_text(unit->request.conversation)});
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
