// Conversations in PostgreSQL: the whole of the store behind one class.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/append_queue.h"
#include "store/deadline.h"
#include "store/error.h"
#include "store/inspect.h"
#include "store/log.h"
#include "store/model.h"
#include "store/pool.h"
#include "store/repair.h"
#include "store/schema.h"
#include "store/session_maker.h"
#include "store/statements.h"

namespace hwlab::store {

struct StoreOptions {
  PoolOptions pool;
  AppendOptions append;
  std::string schema_name = "public";
  MigrateMode migrate = MigrateMode::automatic;
  std::chrono::milliseconds lock_timeout{2'000};  // of migrations
  std::chrono::milliseconds statement_timeout{
      15'000};  // at the server, for statements whose caller has gone
  bool prepare_statements = true;
};

// [any thread] Every call returns by its deadline and throws Error. A call that needs the schema
// brings it up to date first (see Schema).
class Store {
 public:
  using ConnectionSource = store::ConnectionSource;

  // Starts to connect in the background.
  Store(StoreOptions options, ConnectionSource source, Log log);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  // Returns when the server can be used; throws after one failed attempt.
  void verify(Deadline deadline);

  Created create(const NewConversation& conversation, Deadline deadline);
  Appended append(const Append& unit, Deadline deadline);
  Thread thread(const Uuid& conversation, const ThreadRange& range, Deadline deadline);
  // `cursor`: the next_cursor of the page before, or empty. Throws Error: invalid when it is no
  // cursor of this order.
  Listing list(Order order, std::string_view cursor, std::uint32_t limit, Deadline deadline);

  std::vector<Finding> inspect(Deadline deadline);
  struct Migrated {
    std::vector<const Migration*> applied;
    int version = 0;
  };
  Migrated migrate(Deadline deadline);

  // See repair.h.
  Repaired repair(Deadline deadline);

  // Messages that wait to be sent.
  [[nodiscard]] std::size_t waiting_messages() const { return appends_->waiting(); }

  // Ends all waiting and cuts off every call that is under way; those throw Error: stopped, or
  // timeout with maybe_applied. Returns soon; the log is not called after that.
  void stop();

 private:
  const StoreOptions options_;
  const Statements statements_;
  RevocableLog log_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<AppendQueue> appends_;
  std::unique_ptr<Schema> schema_;
};

}  // namespace hwlab::store
