// What the tests of migrations by several processes share.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "tests/support/child_process.h"
#include "tests/support/numbered.h"
#include "tests/support/store_fixture.h"

namespace hwlab::test {

// Asks until the statement gives 't'. False when it does not within a minute.
inline bool comes_true(const Database& database, const std::string& sql) {
  pqxx::connection connection(database.dsn());
  const auto deadline = store::Deadline::in(std::chrono::minutes(1));
  while (!deadline.passed()) {
    pqxx::nontransaction transaction(connection);
    const pqxx::result rows = transaction.exec(sql);
    if (!rows.empty() && std::string_view(rows[0][0].c_str()) == "t")
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// A process with one store and `callers` threads, which make their first call at once when it is
// let go.
inline ChildProcess first_calls(const Database& database, int callers, const std::string& name,
                                std::chrono::seconds patience = std::chrono::seconds(60)) {
  return ChildProcess({HWLAB_FIRST_CALLS, database.dsn() + " application_name=" + name,
                       std::to_string(callers), std::to_string(patience.count())});
}

// A condition on pg_stat_activity: the sessions that the processes of first_calls() have here.
inline std::string session_of(const std::string& name) {
  return "datname = current_database() and application_name like '" + name + "'";
}

// A condition too: the session waits for what that of `holder` holds.
inline std::string waits_for(pqxx::connection& holder) {
  return std::to_string(holder.backendpid()) + " = any (pg_blocking_pids(pid))";
}

inline bool has_no_session(const Database& database, const std::string& name) {
  return comes_true(database,
                    "select count(*) = 0 from pg_stat_activity where " + session_of(name));
}

}  // namespace hwlab::test
