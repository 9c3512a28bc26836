// Appends that share a statement: the callers that wait anyway do it for one another.
#pragma once

#include <cstddef>
#include <memory>

#include "store/append_unit.h"
#include "store/pool.h"
#include "store/statements.h"

namespace hwlab::store {

struct AppendOptions {
  // Of one statement. A larger unit goes alone.
  std::size_t max_batch = 256;  // messages
  std::size_t max_batch_bytes = std::size_t{1} << 20;
  // Of what waits to be sent.
  std::size_t max_waiting = 1024;  // messages
  std::size_t max_waiting_bytes = std::size_t{64} << 20;
};

// A caller that finds nobody sending leads: it borrows a session, takes along what waits, sends all
// as one statement, gives each caller its own result, and passes leadership on. Nobody waits for
// company, so a lone caller loses nothing; a leader that is not alone yields the processor while
// more come, so that under load the batches become as large as what comes in during a round trip.
// There is no thread and no timer here.
//
// A conversation is in at most one statement of this queue at a time, so that these statements
// never wait for each other. One that another program holds is skipped by the batch, and its units
// are sent apart, by a statement that waits for the lock: never by as many at a time as there are
// connections.
//
// [any thread]
class AppendQueue {
 public:
  AppendQueue(AppendOptions options, int connections, Pool& pool, const Statements& statements);
  AppendQueue(const AppendQueue&) = delete;
  AppendQueue& operator=(const AppendQueue&) = delete;
  ~AppendQueue();

  class Entry;
  // A unit for this queue, to be given to attempt() until it is settled or its time is up. The
  // texts of `append` are borrowed until then.
  static std::shared_ptr<Entry> enter(const Append& append, Deadline deadline);

  // Makes one attempt at storing the unit, or has it made. Returns by the unit's deadline. Throws
  // Error when nothing was sent: overloaded, timeout, unavailable, ...
  AttemptResult attempt(const std::shared_ptr<Entry>& entry);

  // Whoever waits here gets Error: stopped.
  void stop() noexcept;

  // Messages that wait to be sent.
  [[nodiscard]] std::size_t waiting() const;

 private:
  class Line;
  std::unique_ptr<Line> line_;
};

}  // namespace hwlab::store
