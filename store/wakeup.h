// How one thread waits for another.
#pragma once

#include <semaphore.h>

#include <atomic>

#include "store/deadline.h"

namespace hwlab::store {

// A semaphore of POSIX. A condition variable would cost each of two threads a mutex, and the one
// that wakes up a system call more: glibc marks the mutex as contended there. The semaphore of
// C++20 yields the processor four times before it sleeps.
class Wakeup {
 public:
  Wakeup() noexcept { ::sem_init(&semaphore_, 0, 0); }
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  ~Wakeup() { ::sem_destroy(&semaphore_); }

  // Once for each time that somebody waits. What was done before is seen by who wakes up.
  void call() noexcept {
    called_.store(true, std::memory_order_release);
    ::sem_post(&semaphore_);
  }

  // Whether it was called by then. [one thread at a time]
  bool wait_until(Deadline::Clock::time_point at) noexcept;

 private:
  sem_t semaphore_;
  // Says what the semaphore says, for ThreadSanitizer, which does not know sem_clockwait().
  std::atomic<bool> called_ = false;
};

}  // namespace hwlab::store
