#include "store/append.h"

#include <optional>
#include <string>

#include "store/array_literal.h"
#include "store/attempts.h"
#include "store/error.h"

namespace hwlab::store {
namespace {

std::optional<std::string> number(std::optional<std::int64_t> value) {
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

std::optional<std::string_view> view(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

// The messages of a unit as one array for each column.
struct Columns {
  ArrayLiteral ids;
  ArrayLiteral roles;
  ArrayLiteral contents;
  ArrayLiteral metadata;
  ArrayLiteral times;

  explicit Columns(const Append& unit) {
    std::size_t bytes = 2;
    for (const NewMessage& message : unit.messages)
      bytes += message.content.size() + 3;
    contents.reserve(bytes + bytes / 16);
    for (const NewMessage& message : unit.messages) {
      ids.add(to_text(message.id));
      roles.add(message.role);
      contents.add(message.content);
      message.metadata ? metadata.add(*message.metadata) : metadata.add_null();
      message.created_at ? times.add(std::to_string(*message.created_at)) : times.add_null();
    }
  }
};

// One append, from its first attempt to its end.
class Appending {
 public:
  Appending(Pool& pool, const Statements& statements, const Append& unit, Deadline deadline)
      : attempts_(pool, deadline),
        statements_(statements),
        unit_(unit),
        conversation_(to_text(unit.conversation)) {}

  Appended run() {
    try {
      for (;;) {
        if (auto appended = attempt())
          return *std::move(appended);
        attempts_.pause();
      }
    } catch (const Error& error) {
      // What the database holds settles it; anything else leaves it open.
      if (!in_doubt_ || error.kind() == Kind::not_found || error.kind() == Kind::conflict)
        throw;
      throw Error::unknown_outcome(error);
    } catch (const std::exception&) {
      if (!in_doubt_ && !sending_)
        throw;
      // No memory for the answer, say.
      throw Error::unknown_outcome({Kind::internal, "the answer could not be read"});
    }
  }

 private:
  // Nothing: it is to be tried again.
  std::optional<Appended> attempt() {
    Pool::Lease session = attempts_.lease();
    try {
      if (look_first_) {
        if (auto found = look_up(*session))
          return found;
        if (collisions_ > 1)
          throw Error(Kind::internal,
                      "the conversation's counter differs from its messages: run 'hwlab-host "
                      "repair'");
        look_first_ = false;
      }
      sending_ = true;
      const pqxx::result rows = send(*session);
      auto appended = rows.empty() ? std::nullopt : std::optional(stored(rows));
      sending_ = false;
      return appended ? appended : explain_nothing(*session);
    } catch (const StatementFailed& failure) {
      if (!failure.judgement().keeps_connection())
        session.discard();
      take_note_of(failure);
      return std::nullopt;
    } catch (const Error&) {
      throw;  // of our own making, between two statements
    } catch (...) {
      session.discard();
      throw;
    }
  }

  // Returns when another attempt may do better.
  void take_note_of(const StatementFailed& failure) {
    const bool sent = std::exchange(sending_, false);
    attempts_.note(failure);
    switch (failure.judgement().next) {
      case Next::fail:
        throw failure.to_error();
      case Next::look_up:
        in_doubt_ = in_doubt_ || sent;
        look_first_ = look_first_ || sent;
        return;
      case Next::collided:
        if (!sent)
          throw failure.to_error();
        look_first_ = true;
        ++collisions_;
        return;
      case Next::repeat:
      case Next::reconnect:
      case Next::unprepared:
        return;
    }
  }

  pqxx::result send(Session& session) const {
    const auto expected = number(unit_.expected_seq);
    if (unit_.messages.size() == 1) {
      const NewMessage& message = unit_.messages.front();
      const std::string id = to_text(message.id);
      const auto created_at = number(message.created_at);
      return session.run(statements_.append_one,
                         {id, conversation_, message.role, message.content, message.metadata,
                          view(created_at), view(expected)});
    }
    Columns columns(unit_);
    return session.run(
        statements_.append_many,
        {conversation_, view(expected), columns.ids.finish(), columns.roles.finish(),
         columns.contents.finish(), columns.metadata.finish(), columns.times.finish()});
  }

  Appended stored(const pqxx::result& rows) const {
    Appended appended;
    appended.messages.resize(unit_.messages.size());
    // The rows come in any order; seq says which is which.
    auto first = rows[0][0].as<std::int64_t>();
    for (const auto& row : rows)
      first = std::min(first, row[0].as<std::int64_t>());
    for (const auto& row : rows) {
      const auto seq = row[0].as<std::int64_t>();
      appended.messages.at(static_cast<std::size_t>(seq - first)) = {
          .seq = seq, .created_at = row[1].as<Micros>()};
    }
    return appended;
  }

  // The unit as it is stored already; nothing when none of it is. Throws Error when something else
  // is.
  std::optional<Appended> look_up(Session& session) const {
    Columns columns(unit_);
    const pqxx::result rows = session.run(
        statements_.find_messages, {conversation_, columns.ids.finish(), columns.roles.finish(),
                                    columns.contents.finish(), columns.metadata.finish()});
    if (rows.empty())
      return std::nullopt;
    Appended appended;
    // Found after an attempt of this call: most likely that one.
    appended.existed = !in_doubt_;
    for (const auto& row : rows) {
      if (!row[3].as<bool>())
        throw Error(Kind::conflict, "the id of message " + std::string(row[0].c_str()) +
                                        " of this call stands for another message");
      appended.messages.push_back(
          {.seq = row[1].as<std::int64_t>(), .created_at = row[2].as<Micros>()});
    }
    if (appended.messages.size() != unit_.messages.size())
      throw Error(Kind::conflict,
                  "some messages of this call are stored already, and others are not");
    return appended;
  }

  // No row was stored, which means nothing yet: they may have been there before.
  std::optional<Appended> explain_nothing(Session& session) const {
    if (auto found = look_up(session))
      return found;
    const pqxx::result rows = session.run(statements_.last_seq, {conversation_});
    if (rows.empty())
      throw Error(Kind::not_found, "there is no conversation " + conversation_);
    const auto actual = rows[0][0].as<std::int64_t>();
    if (unit_.expected_seq && *unit_.expected_seq != actual)
      throw Error::other_seq(*unit_.expected_seq, actual);
    return std::nullopt;  // it has come to be as expected meanwhile
  }

  Attempts attempts_;
  const Statements& statements_;
  const Append& unit_;
  const std::string conversation_;

  bool sending_ = false;     // the statement that would store it
  bool in_doubt_ = false;    // it was sent, and the connection was lost before the answer
  bool look_first_ = false;  // before it is sent again
  int collisions_ = 0;
};

}  // namespace

Appended append(Pool& pool, const Statements& statements, const Append& unit, Deadline deadline) {
  return Appending(pool, statements, unit, deadline).run();
}

}  // namespace hwlab::store
