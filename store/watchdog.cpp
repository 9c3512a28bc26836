#include "store/watchdog.h"

#include <utility>

namespace hwlab::store {

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

Watchdog::Guard::Guard(Guard&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), entry_(other.entry_) {}

Watchdog::Guard& Watchdog::Guard::operator=(Guard&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::exchange(other.owner_, nullptr);
    entry_ = other.entry_;
  }
  return *this;
}

void Watchdog::Guard::release() noexcept {
  if (Watchdog* const owner = std::exchange(owner_, nullptr)) {
    const std::lock_guard lock(owner->mutex_);
    owner->watched_.erase(entry_);
  }
}

Watchdog::Guard Watchdog::watch(Session& session, Deadline deadline) {
  Guard guard;
  const std::lock_guard lock(mutex_);
  guard.entry_ = watched_.emplace(deadline.at(), &session);
  guard.owner_ = this;
  if (cut_all_)
    session.cut();
  else if (deadline.at() < wakes_at_)
    changed_.notify_one();
  return guard;
}

void Watchdog::cut_all() {
  const std::lock_guard lock(mutex_);
  cut_all_ = true;
  for (const auto& [at, session] : watched_)
    session->cut();
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = Deadline::Clock::now();
    // Under the mutex that a guard's end takes too: no session is cut after its user has left it.
    auto next = watched_.begin();
    for (; next != watched_.end() && next->first <= now; ++next)
      next->second->cut();
    wakes_at_ = next == watched_.end() ? Deadline::Clock::time_point::max() : next->first;
    if (next == watched_.end())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, wakes_at_);
  }
}

}  // namespace hwlab::store
