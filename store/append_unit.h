// The messages of one call on their way into the database.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "store/deadline.h"
#include "store/error.h"
#include "store/model.h"

namespace hwlab::store {

// What one attempt at storing a unit came to. `unknown` is what holds from just before a statement
// is sent until its answer is understood, so that nothing that goes wrong in between is taken for a
// failure.
struct AttemptResult {
  enum class Outcome {
    not_sent,  // or rolled back whole: it can be tried again
    stored,    // `appended` says how
    refused,   // `error` says why; final
    unknown,   // it was sent, and the connection was lost before the answer
  };
  Outcome outcome = Outcome::not_sent;
  Appended appended;
  std::optional<Error> error;  // also of the other failures: what to say when there is no more time

  static AttemptResult stored(Appended how) {
    return {.outcome = Outcome::stored, .appended = std::move(how), .error = {}};
  }
  static AttemptResult refused(Error why) {
    return {.outcome = Outcome::refused, .appended = {}, .error = std::move(why)};
  }
  static AttemptResult not_sent(std::optional<Error> why = {}) {
    return {.outcome = Outcome::not_sent, .appended = {}, .error = std::move(why)};
  }
  static AttemptResult unknown(std::optional<Error> why = {}) {
    return {.outcome = Outcome::unknown, .appended = {}, .error = std::move(why)};
  }
};

// All of its messages are stored, or none. Used by one thread at a time: its caller's, or that of
// the caller that makes an attempt for it.
struct AppendUnit {
  AppendUnit(Append append, Deadline until);

  // Copies the texts that were borrowed from the caller, who may be gone before an attempt that
  // another one makes is over.
  void own_texts();

  Append request;
  std::size_t bytes = 0;  // of all texts
  const Deadline deadline;

  // ---- what earlier attempts have left behind ----
  bool look_first = false;  // it may be stored already
  bool locked = false;      // somebody held the conversation: wait for that one alone
  bool collided = false;    // with something that is not there

  AttemptResult result;

 private:
  std::string texts_;
};

}  // namespace hwlab::store
