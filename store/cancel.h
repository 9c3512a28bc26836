// Asking servers to end statements whose callers have gone.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

struct pg_cancel;
struct pg_conn;

namespace hwlab::store {

// What it takes to end whatever a session's server is doing: libpq's, good on any thread, and after
// the connection's end too.
struct FreeCancel {
  void operator()(pg_cancel* cancel) const noexcept;
};
using Cancel = std::unique_ptr<pg_cancel, FreeCancel>;

// Nothing when there is no memory for it.
Cancel cancel_of(pg_conn* connection) noexcept;

// A server does not notice for up to two seconds that a caller was cut off, and a statement that
// waits for a lock goes on holding others. So it is asked to stop, as best we can: the request
// takes a connection of its own, and libpq offers no way to interrupt that. Hence a thread which
// may be left behind, and a bound; what finds no room is not asked. [any thread]
class CancelQueue {
 public:
  explicit CancelQueue(std::size_t most);

  void add(Cancel cancel) noexcept;
  // Sends them one after the other; returns after stop().
  void run();
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Cancel> waiting_;
  bool stopping_ = false;
};

}  // namespace hwlab::store
