// The statements of one attempt at storing the units of one or many calls.
#pragma once

#include "store/append_statement.h"
#include "store/append_unit.h"
#include "store/pool.h"
#include "store/statements.h"

namespace hwlab::store {

// Stores units on one session, as one statement wherever that can be, and sets the result of each.
// One unit's mistake is that unit's alone: its neighbours are stored. Throws only what is no
// failure of a statement (no memory); the results are right then too.
class AppendAttempt {
 public:
  AppendAttempt(Pool::Lease& session, const Statements& statements)
      : session_(session), statements_(statements) {}

  // Returns the units of which nothing is known but that no row was stored: give them to explain().
  Units send(const Units& units, Locked locked);

  // Why no row was stored: they had been stored before, there is no such conversation, its last seq
  // is another, or somebody held it.
  void explain(const Units& units);

 private:
  void send_some(const Units& units, bool looked_up);
  void send_halves(const Units& units);
  void take_note_of(const StatementFailed& failure, const Units& units, bool looked_up);
  Units look_up(const Units& units);
  void not_done(const StatementFailed& failure, const Units& units);

  Pool::Lease& session_;
  const Statements& statements_;
  Locked locked_ = Locked::skip;
  bool usable_ = true;  // the session
  Units without_rows_;
};

}  // namespace hwlab::store
