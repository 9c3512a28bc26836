#include "store/cancel.h"

#include <libpq-fe.h>

#include <array>
#include <utility>

namespace hwlab::store {

void FreeCancel::operator()(pg_cancel* cancel) const noexcept {
  PQfreeCancel(cancel);
}

Cancel cancel_of(pg_conn* connection) noexcept {
  return Cancel(PQgetCancel(connection));
}

CancelQueue::CancelQueue(std::size_t most) {
  waiting_.reserve(most);
}

void CancelQueue::add(Cancel cancel) noexcept {
  const std::lock_guard lock(mutex_);
  if (cancel == nullptr || stopping_ || waiting_.size() == waiting_.capacity())
    return;
  waiting_.push_back(std::move(cancel));
  changed_.notify_one();
}

void CancelQueue::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_)
      return;
    const Cancel next = std::move(waiting_.back());
    waiting_.pop_back();
    lock.unlock();
    std::array<char, 256> why_not{};  // of no interest: the server has limits of its own
    PQcancel(next.get(), why_not.data(), static_cast<int>(why_not.size()));
    lock.lock();
  }
}

void CancelQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

}  // namespace hwlab::store
