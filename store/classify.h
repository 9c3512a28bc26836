// What a failure of libpqxx means: one pure function, so that a table can test it.
#pragma once

#include <string_view>

#include "store/error.h"

namespace hwlab::store {

// The type that was thrown, the narrow ones first (libpqxx derives completion_unknown from the
// retryable rollback, which would be fatal to confuse).
enum class Thrown {
  broken_connection,
  in_doubt,            // of a commit
  completion_unknown,  // 40003
  rollback,            // serialization failure or deadlock; libpqxx 6 gives them no SQLSTATE
  sql_error,
  usage,  // of libpqxx: a defect here
  other,
};

struct Facts {
  bool connection_open = true;  // after the failure
  Thrown thrown = Thrown::sql_error;
  std::string_view sqlstate;  // empty when unknown
};

// What to do next.
enum class Next {
  fail,        // `kind` says why; the statement did nothing
  repeat,      // the statement was rolled back whole: send it again, after a pause
  reconnect,   // it did nothing, but this connection cannot do better: repeat on another one
  look_up,     // its outcome is unknown: find out by id, on another connection
  collided,    // an id, or a place in a conversation, is taken already: find out by id
  unprepared,  // the server does not know our prepared statement (a pooler): send the SQL itself
};

struct Judgement {
  Next next;
  Kind kind;  // what it comes to when there is no time for the next step
  [[nodiscard]] bool keeps_connection() const noexcept {
    return next != Next::reconnect && next != Next::look_up;
  }
};

// Judged by whether the connection lives, then by type, then by SQLSTATE; never by text.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
Judgement classify(const Facts& facts) noexcept;

// The sentence that goes with a failed statement. Never the server's: those quote values.
std::string_view sentence_for(std::string_view sqlstate, Kind kind) noexcept;

}  // namespace hwlab::store
