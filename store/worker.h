// A thread of the store's own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace hwlab::store {

// Runs `body` on a new thread that blocks all signals: those are the daemon's. A body that cannot
// be interrupted (name resolution) may be left to end by itself, and so must own what it touches.
class Worker {
 public:
  Worker() = default;
  // Throws Error: unavailable.
  explicit Worker(std::function<void()> body);
  Worker(Worker&&) noexcept = default;
  Worker& operator=(Worker&&) noexcept = default;  // only to one that runs nothing
  ~Worker();                                       // waits

  // Waits for the body to end.
  void join();
  // The same, but not for long; whether it has ended.
  bool join_within(std::chrono::milliseconds patience);
  // Leaves the thread to end by itself.
  void leave();

 private:
  struct End {
    std::mutex mutex;
    std::condition_variable reached;
    bool yes = false;
  };
  std::shared_ptr<End> end_;
  std::thread thread_;
};

}  // namespace hwlab::store
