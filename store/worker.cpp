#include "store/worker.h"

#include <csignal>
#include <system_error>

#include "store/error.h"

namespace hwlab::store {

Worker::Worker(std::function<void()> body) : end_(std::make_shared<End>()) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the new thread
  try {
    thread_ = std::thread([body = std::move(body), end = end_]() mutable {
      body();
      body = nullptr;  // what it owns is gone before its end is told
      const std::lock_guard lock(end->mutex);
      end->yes = true;
      end->reached.notify_all();
    });
  } catch (const std::system_error&) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw Error(Kind::unavailable, "the process cannot start another thread");
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Worker::~Worker() {
  join();
}

void Worker::join() {
  if (thread_.joinable())
    thread_.join();
}

bool Worker::join_within(std::chrono::milliseconds patience) {
  if (!thread_.joinable())
    return true;
  {
    std::unique_lock lock(end_->mutex);
    if (!end_->reached.wait_for(lock, patience, [this] { return end_->yes; }))
      return false;
  }
  thread_.join();
  return true;
}

void Worker::leave() {
  if (thread_.joinable())
    thread_.detach();
}

}  // namespace hwlab::store
