// A database of a test's own, on the throw-away cluster that tests/run has started.
#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "store/store.h"

namespace hwlab::test {

// Made empty, dropped with the object. Fails the test when there is no cluster: a test that needs
// PostgreSQL is never skipped.
class Database {
 public:
  Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // As a keyword DSN, for a role that may do everything.
  [[nodiscard]] const std::string& dsn() const noexcept { return dsn_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // The same for the store, option by option.
  [[nodiscard]] store::Store::ConnectionSource source() const;

  // One or more statements on a connection of their own.
  pqxx::result run(const std::string& sql) const;
  // The first column of the first row.
  [[nodiscard]] std::string value(const std::string& sql) const;
  // Without errors: the SQLSTATE that the statement fails with.
  [[nodiscard]] std::string sqlstate_of(const std::string& sql) const;

 private:
  std::string name_;
  std::string dsn_;
};

// The tables of an earlier store: the plain schema, nothing of ours.
void make_plain_schema(const Database& database);

}  // namespace hwlab::test
