// Brings a database's schema up to date.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/deadline.h"
#include "store/log.h"
#include "store/migration.h"
#include "store/session.h"

namespace hwlab::store {

// What a database says of its schema.
struct SchemaState {
  int version = 0;                        // the highest that is recorded; 0: none
  std::vector<const Migration*> pending;  // in order
};

// One query. Throws StatementFailed, and Error (config) when the schema was made by a newer version
// of this program, or when a recorded migration is not the one we have under its number.
SchemaState read_schema_state(Session& session, const std::string& schema_name);

struct MigratorOptions {
  std::string schema_name;
  // The longest wait for a lock of a table. Over PostgreSQL's deadlock_timeout (1 s), or an
  // autovacuum of that table is never asked to give way.
  std::chrono::milliseconds lock_timeout{2'000};
};

// Applies what is pending; any number of processes may do so at the same time, and each may be
// killed at any moment. Uses a session of its own, and a second one, which holds the lock, while a
// step runs outside a transaction.
//
// Each step is guarded by an advisory lock of its database and schema, held by a transaction, so
// that poolers keep it and a killed process frees it. Whoever waits for it asks again and again
// instead of waiting inside the server: a statement that waits there has a snapshot, and "create
// index concurrently" waits for all snapshots.
class Migrator {
 public:
  using Connect = std::function<std::unique_ptr<Session>(const std::atomic<bool>& stop)>;

  Migrator(MigratorOptions options, Connect connect, Log log);

  // Returns what this call applied. Throws Error; when `stop` is set, within a moment (stopped).
  std::vector<const Migration*> run(const std::atomic<bool>& stop);

  // Makes the statement that is running fail. [any thread]
  void cut() noexcept;

 private:
  class Open;
  bool apply(Session& session, const Migration& migration, const std::atomic<bool>& stop);
  bool apply_in_transaction(Session& session, const Migration& migration);
  bool apply_with_lock_held(Session& session, const Migration& migration,
                            const std::atomic<bool>& stop);
  void run_statements(Session& session, const Migration& migration) const;
  void run_batches(Session& session, const Migration& migration, const std::atomic<bool>& stop);
  bool try_lock(pqxx::transaction_base& transaction);
  bool is_recorded(pqxx::transaction_base& transaction, const Migration& migration) const;
  void record(pqxx::transaction_base& transaction, const Migration& migration) const;
  void set_limits(pqxx::transaction_base& transaction) const;
  bool prepare_schema(Session& session);
  [[nodiscard]] std::chrono::milliseconds first_lock_patience() const;

  MigratorOptions options_;
  Connect connect_;
  Log log_;
  std::string lock_key_;
  // What waits for a lock of a table holds up all who come after it. So the first waits are short,
  // those that follow grow, and in between others have twice that time for themselves: a
  // transaction that stays open for hours (a dump) must not stop all writers for hours.
  std::chrono::milliseconds lock_patience_;

  std::mutex mutex_;
  std::vector<Session*> in_use_;  // for cut()
};

}  // namespace hwlab::store
