// Sessions that ended here, and perhaps not at the server.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/deadline.h"

namespace hwlab::store {

// The process at the server that does a session's work.
struct ServerProcess {
  int pid = 0;  // 0: the session was given up before the server had told it
  // It was started between the two.
  Deadline::Clock::time_point asked_for;
  Deadline::Clock::time_point answered;
};

// Behind a network that swallows everything a server does not learn that a session was given up: it
// keeps it, with its place among max_connections and perhaps with locks, until TCP finds the other
// side gone. So they are remembered, and the next session that is opened ends them
// (store/sql/end_lost_sessions.sql). [any thread]
class LostSessions {
 public:
  LostSessions();

  // What finds no room is left to the server.
  void add(const ServerProcess& process) noexcept;
  [[nodiscard]] std::vector<ServerProcess> all() const;
  // These need not be ended any more.
  void forget(const std::vector<ServerProcess>& ended) noexcept;

 private:
  mutable std::mutex mutex_;
  std::vector<ServerProcess> lost_;
};

// The parameters of end_lost_sessions.sql, array literals.
struct LostSessionsParameters {
  std::string pids;
  std::string oldest;
  std::string youngest;
};
LostSessionsParameters parameters_of(const std::vector<ServerProcess>& lost,
                                     Deadline::Clock::time_point now);

}  // namespace hwlab::store
