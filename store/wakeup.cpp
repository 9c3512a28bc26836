#include "store/wakeup.h"

#include <cerrno>
#include <chrono>
#include <ctime>

namespace hwlab::store {

bool Wakeup::wait_until(Deadline::Clock::time_point at) noexcept {
  using namespace std::chrono;
  const auto since = at.time_since_epoch();
  const auto whole = duration_cast<seconds>(since);
  const std::timespec until{.tv_sec = whole.count(), .tv_nsec = nanoseconds(since - whole).count()};
  int failed = 0;
  do {
    failed = ::sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until);
  } while (failed != 0 && errno == EINTR);
  return failed == 0 && called_.exchange(false, std::memory_order_acquire);
}

}  // namespace hwlab::store
