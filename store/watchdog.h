// Sees to it that no call outlives its deadline because a server does not answer.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "store/deadline.h"
#include "store/session.h"
#include "store/worker.h"

namespace hwlab::store {

// Knows the sessions that are in use and until when; cuts those whose time is up, so that libpq
// returns at once. [any thread]
class Watchdog {
 public:
  Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  using Watched = std::multimap<Deadline::Clock::time_point, Session*>;

 public:
  // Watches a session for as long as the guard lives; the session must outlive it.
  class Guard {
   public:
    Guard() = default;
    Guard(Guard&& other) noexcept;
    Guard& operator=(Guard&& other) noexcept;
    ~Guard() { release(); }
    void release() noexcept;

   private:
    friend class Watchdog;
    Watchdog* owner_ = nullptr;
    Watched::iterator entry_;
  };
  Guard watch(Session& session, Deadline deadline);

  // Cuts every session in use, and each one that is watched from now on.
  void cut_all();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  Watched watched_;
  Deadline::Clock::time_point wakes_at_ = Deadline::Clock::time_point::max();
  bool cut_all_ = false;
  bool stopping_ = false;
  Worker thread_;
};

}  // namespace hwlab::store
