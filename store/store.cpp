#include "store/store.h"

#include <utility>

#include "store/append.h"
#include "store/create.h"
#include "store/cursor.h"
#include "store/read.h"
#include "store/session_maker.h"

namespace hwlab::store {

Store::Store(StoreOptions options, ConnectionSource source, Log log)
    : options_(std::move(options)), statements_(options_.schema_name), log_(std::move(log)) {
  const SessionMaker make(std::move(source), options_.prepare_statements,
                          options_.statement_timeout, log_.handle());
  pool_ = std::make_unique<Pool>(options_.pool, make, log_.handle());
  appends_ = std::make_unique<AppendQueue>(options_.append, options_.pool.max, *pool_, statements_);
  schema_ = std::make_unique<Schema>(
      options_.migrate,
      MigratorOptions{.schema_name = options_.schema_name, .lock_timeout = options_.lock_timeout},
      [make, timeout = options_.pool.connect_timeout](const std::atomic<bool>& stop) {
        return make(Deadline::in(timeout), stop);
      },
      log_.handle());
}

Store::~Store() {
  stop();
}

void Store::stop() {
  schema_->stop();
  appends_->stop();
  pool_->stop();
  log_.revoke();
}

void Store::verify(Deadline deadline) {
  pool_->lease(deadline, Pool::Patience::one_attempt);
}

Created Store::create(const NewConversation& conversation, Deadline deadline) {
  schema_->ensure(*pool_, deadline);
  return store::create(*pool_, statements_, conversation, deadline);
}

Appended Store::append(const Append& unit, Deadline deadline) {
  schema_->ensure(*pool_, deadline);
  return store::append(*pool_, *appends_, unit, deadline);
}

Thread Store::thread(const Uuid& conversation, const ThreadRange& range, Deadline deadline) {
  schema_->ensure(*pool_, deadline);
  return read_thread(*pool_, statements_, conversation, range, deadline);
}

Listing Store::list(Order order, std::string_view cursor, std::uint32_t limit, Deadline deadline) {
  std::optional<Cursor> after;
  if (!cursor.empty()) {
    after = parse_cursor(cursor);
    if (!after || after->order != order)
      throw Error(Kind::invalid,
                  "the cursor is not one of this order of listing: give next_cursor of the page "
                  "before, unchanged");
  }
  schema_->ensure(*pool_, deadline);
  return store::list(*pool_, statements_, order, after, limit, deadline);
}

std::vector<Finding> Store::inspect(Deadline deadline) {
  return store::inspect(*pool_,
                        {.schema_name = options_.schema_name,
                         .migrate = options_.migrate,
                         .pool_max = options_.pool.max,
                         .statement_timeout = options_.statement_timeout},
                        deadline);
}

Store::Migrated Store::migrate(Deadline deadline) {
  Migrated migrated;
  migrated.applied = schema_->migrate(deadline);
  migrated.version = schema_->state(*pool_, deadline).version;
  return migrated;
}

Repaired Store::repair(Deadline deadline) {
  schema_->ensure(*pool_, deadline);
  return store::repair(*pool_, options_.schema_name, deadline);
}

}  // namespace hwlab::store
