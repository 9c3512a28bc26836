#include "store/migrator.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "store/backoff.h"
#include "store/embedded_sql.h"
#include "store/error.h"
#include "store/statements.h"

namespace hwlab::store {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view lock_not_available = "55P03";

void pause(std::chrono::milliseconds duration, const std::atomic<bool>& stop) {
  constexpr std::chrono::milliseconds slice = 20ms;
  const auto end = Deadline::in(duration);
  while (!end.passed() && !stop)
    std::this_thread::sleep_for(std::min(slice, end.left()));
}

std::string title(const Migration& migration) {
  return "migration " + std::to_string(migration.version) + " (" + std::string(migration.name) +
         ")";
}

// A migration handles no text of a user, so the server's own words may be passed on.
Error failed(const std::string& what, const StatementFailed& failure) {
  std::string sentence = what + ": " + failure.server_text();
  if (failure.judgement().kind == Kind::permission)
    sentence += "; run 'hwlab-host migrate' with a DSN of the schema's owner";
  const Kind kind = failure.judgement().kind == Kind::not_found ||
                            failure.judgement().kind == Kind::invalid ||
                            failure.judgement().kind == Kind::conflict
                        ? Kind::config  // the tables hold what the schema does not allow
                        : failure.judgement().kind;
  return {kind, sentence, failure.sqlstate()};
}

std::vector<std::string> statements_of(std::string_view script) {
  constexpr std::string_view end = ";\n";
  std::vector<std::string> statements;
  while (!script.empty()) {
    const auto at = script.find(end);
    statements.emplace_back(script.substr(0, at));
    script.remove_prefix(at == std::string_view::npos ? script.size() : at + end.size());
  }
  std::erase_if(statements, [](const std::string& text) {
    return text.find_first_not_of(" \n") == std::string::npos;
  });
  return statements;
}

void check_recorded(int version, std::string_view sha256) {
  const auto known = embedded_migrations();
  if (version > static_cast<int>(known.size()))
    throw Error(Kind::config, "the schema is of version " + std::to_string(version) +
                                  ", this plugin knows " + std::to_string(known.size()) +
                                  ": a newer plugin has used this database; install that one");
  if (version < 1 || known[static_cast<std::size_t>(version) - 1].sha256 != sha256)
    throw Error(Kind::config, "migration " + std::to_string(version) +
                                  " is recorded in the database with another content than this "
                                  "plugin has: it was edited; install the plugin that applied it");
}

}  // namespace

SchemaState read_schema_state(Session& session, const std::string& schema_name) {
  SchemaState state;
  std::set<int> recorded;
  try {
    const pqxx::result rows = session.run_text(
        in_schema("select version, sha256 from {schema}.hwlab_schema_migrations order by version",
                  schema_name));
    for (const auto& row : rows) {
      const int version = row[0].as<int>();
      check_recorded(version, std::string_view(row[1].c_str(), row[1].size()));
      recorded.insert(version);
      state.version = version;
    }
  } catch (const StatementFailed& failure) {
    // 42P01: no such table, 3F000: no such schema.
    if (failure.sqlstate() != "42P01" && failure.sqlstate() != "3F000")
      throw;
  }
  for (const Migration& migration : embedded_migrations())
    if (!recorded.contains(migration.version))
      state.pending.push_back(&migration);
  return state;
}

Migrator::Migrator(MigratorOptions options, Connect connect, Log log)
    : options_(std::move(options)), connect_(std::move(connect)), log_(std::move(log)) {
  lock_key_ = "hwlab migrations of schema " + options_.schema_name;
  lock_patience_ = first_lock_patience();
}

std::chrono::milliseconds Migrator::first_lock_patience() const {
  return std::min(options_.lock_timeout, std::chrono::milliseconds{100ms});
}

// A session that cut() knows for as long as it lives.
class Migrator::Open {
 public:
  Open(Migrator& owner, const std::atomic<bool>& stop)
      : owner_(owner), session_(owner.connect_(stop)) {
    const std::lock_guard lock(owner_.mutex_);
    owner_.in_use_.push_back(session_.get());
    if (stop)
      session_->cut();
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    const std::lock_guard lock(owner_.mutex_);
    std::erase(owner_.in_use_, session_.get());
  }
  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_.get(); }

 private:
  Migrator& owner_;
  std::unique_ptr<Session> session_;
};

void Migrator::cut() noexcept {
  const std::lock_guard lock(mutex_);
  for (Session* const session : in_use_)
    session->cut();
}

std::vector<const Migration*> Migrator::run(const std::atomic<bool>& stop) {
  std::vector<const Migration*> applied;
  Backoff backoff(20ms, 250ms);
  const Open session(*this, stop);
  bool prepared = false;
  while (!stop) {
    const auto state = read_schema_state(*session, options_.schema_name);
    if (state.pending.empty())
      return applied;
    const Migration& next = *state.pending.front();
    const std::string what = prepared ? title(next) : "preparing the schema";
    try {
      if (!prepared) {
        prepared = prepare_schema(*session);
        if (prepared)
          continue;
      } else if (apply(*session, next, stop)) {
        applied.push_back(&next);
        log_(Severity::info, title(next) + " is applied");
        backoff.reset();
        lock_patience_ = first_lock_patience();
        continue;
      }
    } catch (const StatementFailed& failure) {
      if (failure.judgement().next != Next::repeat)
        throw failed(what, failure);
      log_(Severity::info, what + " waits: " + failure.server_text());
      if (failure.sqlstate() == lock_not_available) {
        pause(2 * lock_patience_, stop);
        lock_patience_ = std::min(2 * lock_patience_, options_.lock_timeout);
        continue;
      }
    }
    pause(backoff.next(), stop);  // another process is at it, or somebody holds a lock
  }
  throw Error(Kind::stopped, "the store is being closed");
}

bool Migrator::try_lock(pqxx::transaction_base& transaction) {
  const pqxx::result got = bridge::run_text(
      transaction,
      "select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))",
      {lock_key_});
  return got[0][0].as<bool>();
}

void Migrator::set_limits(pqxx::transaction_base& transaction) const {
  bridge::run_text(transaction, std::string(sql::migration_limits),
                   {std::to_string(lock_patience_.count()), std::string_view("true")});
}

bool Migrator::is_recorded(pqxx::transaction_base& transaction, const Migration& migration) const {
  const pqxx::result rows = bridge::run_text(
      transaction,
      in_schema("select 1 from {schema}.hwlab_schema_migrations where version = $1::integer",
                options_.schema_name),
      {std::to_string(migration.version)});
  return !rows.empty();
}

void Migrator::record(pqxx::transaction_base& transaction, const Migration& migration) const {
  bridge::run_text(transaction,
                   in_schema("insert into {schema}.hwlab_schema_migrations (version, name, sha256)"
                             " values ($1::integer, $2::text, $3::text)",
                             options_.schema_name),
                   {std::to_string(migration.version), migration.name, migration.sha256});
}

// The schema and the table of migrations; false: somebody else is at it.
bool Migrator::prepare_schema(Session& session) {
  bool locked = false;
  session.in_transaction([&](pqxx::transaction_base& transaction) {
    locked = try_lock(transaction);
    if (!locked)
      return;
    set_limits(transaction);
    const pqxx::result foreign =
        bridge::run_text(transaction, std::string(sql::foreign_columns), {options_.schema_name});
    if (!foreign.empty())
      throw Error(Kind::config, "the schema '" + options_.schema_name + "' has a table '" +
                                    foreign[0][0].as<std::string>() +
                                    "' that is not a conversation store's: its column '" +
                                    foreign[0][1].as<std::string>() + "' should be a " +
                                    foreign[0][2].as<std::string>() +
                                    "; set schema.name to a schema of its own");
    // "if not exists" would ask for the right to create schemas even when there is nothing to
    // create.
    const pqxx::result there = bridge::run_text(
        transaction, "select 1 from pg_catalog.pg_namespace where nspname = $1::text",
        {options_.schema_name});
    if (there.empty())
      transaction.exec(in_schema("create schema {schema}", options_.schema_name));
    const pqxx::result table = bridge::run_text(
        transaction,
        "select 1 from pg_catalog.pg_class r join pg_catalog.pg_namespace n on n.oid = "
        "r.relnamespace where n.nspname = $1::text and r.relname = 'hwlab_schema_migrations'",
        {options_.schema_name});
    if (table.empty())
      transaction.exec(in_schema(sql::migrations_table, options_.schema_name));
  });
  return locked;
}

bool Migrator::apply(Session& session, const Migration& migration, const std::atomic<bool>& stop) {
  if (migration.run == Migration::Run::in_one_transaction)
    return apply_in_transaction(session, migration);
  return apply_with_lock_held(session, migration, stop);
}

bool Migrator::apply_in_transaction(Session& session, const Migration& migration) {
  bool applied = false;
  session.in_transaction([&](pqxx::transaction_base& transaction) {
    if (!try_lock(transaction) || is_recorded(transaction, migration))
      return;
    set_limits(transaction);
    transaction.exec(in_schema(migration.sql, options_.schema_name));
    record(transaction, migration);
    applied = true;
  });
  return applied;
}

bool Migrator::apply_with_lock_held(Session& session, const Migration& migration,
                                    const std::atomic<bool>& stop) {
  bool applied = false;
  const Open holder(*this, stop);
  holder->in_transaction([&](pqxx::transaction_base& transaction) {
    if (!try_lock(transaction) || is_recorded(transaction, migration))
      return;
    set_limits(transaction);
    // A statement with parameters keeps its snapshot until the next one (the unnamed portal stays
    // open), and an index that is built concurrently would wait for that snapshot for ever. One
    // without parameters leaves none.
    transaction.exec("select 1");
    if (migration.run == Migration::Run::in_batches)
      run_batches(session, migration, stop);
    else
      run_statements(session, migration);
    record(transaction, migration);
    applied = true;
  });
  return applied;
}

void Migrator::run_statements(Session& session, const Migration& migration) const {
  // A concurrent build waits for others by its nature, and holds up nobody meanwhile.
  session.run_text(std::string(sql::migration_limits),
                   {std::string_view("0"), std::string_view("false")});
  for (const std::string& statement : statements_of(in_schema(migration.sql, options_.schema_name)))
    session.run_text(statement);
  session.run_text("reset all");  // a pooler may hand the session to others
}

void Migrator::run_batches(Session& session, const Migration& migration,
                           const std::atomic<bool>& stop) {
  const std::string statement = in_schema(migration.sql, options_.schema_name);
  Backoff backoff(20ms, 250ms);
  for (bool more = true; more;) {
    if (stop)
      throw Error(Kind::stopped, "the store is being closed");
    try {
      session.in_transaction([&](pqxx::transaction_base& transaction) {
        set_limits(transaction);
        more = transaction.exec(statement)[0][0].as<std::int64_t>() > 0;
      });
      backoff.reset();
    } catch (const StatementFailed& failure) {
      if (failure.judgement().next != Next::repeat)
        throw;
      pause(backoff.next(), stop);
    }
  }
}

}  // namespace hwlab::store
