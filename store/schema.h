// The gate before every call: the schema is up to date, or is being brought there.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/deadline.h"
#include "store/error.h"
#include "store/migrator.h"
#include "store/pool.h"
#include "store/worker.h"

namespace hwlab::store {

enum class MigrateMode {
  automatic,  // the first call migrates
  verify,     // calls are refused while something is pending
  off,        // not even looked at
};

// Migrations run on a thread and a connection of their own: callers wait for them until their own
// deadlines, the work goes on, and a failure is tried again by the next call. [any thread]
class Schema {
 public:
  Schema(MigrateMode mode, MigratorOptions options, Migrator::Connect connect, Log log);
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;
  ~Schema();

  // Returns when calls may go on; one query the first time, nothing afterwards. Throws Error:
  // timeout (it goes on in the background), config (mode verify and something is pending; a newer
  // or edited schema), whatever ended the migration.
  void ensure(Pool& pool, Deadline deadline);

  // Migrates in any mode, and returns what it applied.
  std::vector<const Migration*> migrate(Deadline deadline);

  // What the database has, in a query on a borrowed session. Throws Error.
  SchemaState state(Pool& pool, Deadline deadline) const;

  // Cuts a migration off; returns soon.
  void stop();

 private:
  struct Run;  // one migration, owned by its thread too
  std::shared_ptr<Run> start_or_join();

  const MigrateMode mode_;
  const MigratorOptions options_;
  const Migrator::Connect connect_;
  const Log log_;

  std::atomic<bool> ready_ = false;
  std::mutex mutex_;
  std::shared_ptr<Run> run_;
  bool stopping_ = false;
};

}  // namespace hwlab::store
