#include "tests/support/database.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace hwlab::test {
namespace {

std::string cluster_dsn() {
  const char* const dsn = std::getenv("HWLAB_TEST_DSN");
  if (dsn == nullptr)
    throw std::runtime_error("HWLAB_TEST_DSN is not set: start the tests by tests/run");
  return dsn;
}

std::string new_name() {
  static std::atomic<int> count{0};
  return "hwlab_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

pqxx::result run_on(const std::string& dsn, const std::string& sql) {
  pqxx::connection connection(dsn);
  pqxx::nontransaction transaction(connection);
  return transaction.exec(sql);
}

}  // namespace

Database::Database() : name_(new_name()), dsn_(cluster_dsn() + " dbname=" + name_) {
  run_on(cluster_dsn(), "create database " + name_ + " template template0 encoding 'UTF8'");
}

Database::~Database() {
  try {
    run_on(cluster_dsn(), "drop database if exists " + name_ + " with (force)");
  } catch (const std::exception&) {
    // The cluster may have been stopped by the test; it is thrown away as a whole.
  }
}

store::Store::ConnectionSource Database::source() const {
  // Keywords and values without spaces or quotes, as tests/run makes them; of two values the later
  // one counts.
  std::vector<std::pair<std::string, std::string>> options;
  std::istringstream words(dsn_);
  for (std::string word; words >> word;)
    options.emplace_back(word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
  return [options] { return options; };
}

pqxx::result Database::run(const std::string& sql) const {
  return run_on(dsn_, sql);
}

std::string Database::value(const std::string& sql) const {
  const pqxx::result rows = run(sql);
  return rows.empty() ? std::string() : std::string(rows[0][0].c_str());
}

std::string Database::sqlstate_of(const std::string& sql) const {
  try {
    run(sql);
    return "00000";
  } catch (const pqxx::sql_error& error) {
    return error.sqlstate();
  }
}

void make_plain_schema(const Database& database) {
  database.run(
      "create table conversations (id uuid primary key default gen_random_uuid(), started_at "
      "timestamptz not null default now(), model text not null default '');"
      "create table messages (id uuid primary key default gen_random_uuid(), conversation_id uuid "
      "not null references conversations(id) on delete cascade, role text not null check (role in "
      "('user','assistant','system')), content text not null, created_at timestamptz not null "
      "default now())");
}

}  // namespace hwlab::test
