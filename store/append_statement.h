// The statement that stores the messages of one or many units.
#pragma once

#include <vector>

#include "store/append_unit.h"
#include "store/session.h"
#include "store/statements.h"

namespace hwlab::store {

using Units = std::vector<AppendUnit*>;

// What to do about a conversation that somebody holds.
enum class Locked {
  skip,  // leave its units out, for an attempt of their own
  wait,  // in the server; for units of one conversation only
};

// Takes the cheapest of the statements that can store these units.
class AppendStatement {
 public:
  AppendStatement(Units units, Locked locked, const Statements& statements);

  // Throws StatementFailed.
  pqxx::result run(Session& session) const;

  // Gives each unit that was stored its result, and returns the others: none of their messages has
  // a row.
  Units keep(const pqxx::result& rows) const;

 private:
  enum class Form { one, each, batch };
  [[nodiscard]] Form form(Locked locked) const;
  pqxx::result run_one(Session& session) const;
  pqxx::result run_each(Session& session) const;
  pqxx::result run_batch(Session& session) const;

  const Units units_;  // by conversation, and within one in the order in which they came
  const Statements& statements_;
  const Locked locked_;
  const Form form_;
};

}  // namespace hwlab::store
