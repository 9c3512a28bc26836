// Whether this process got a processor when it wanted one: so that a busy machine is not taken for
// a late call.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "tests/faults/ledger.h"

namespace hwlab::test {

// A thread that wants to run every few milliseconds, and writes down when it could not.
class Heartbeat {
 public:
  // The part of this time in which it was stalled.
  [[nodiscard]] std::chrono::microseconds stalled(Clock::time_point from,
                                                  Clock::time_point to) const {
    const std::lock_guard lock(mutex_);
    Clock::duration sum{0};
    for (const auto& [begin, end] : stalls_)
      if (begin < to && from < end)
        sum += std::min(end, to) - std::max(begin, from);
    return std::chrono::duration_cast<std::chrono::microseconds>(sum);
  }

 private:
  static constexpr auto beat = std::chrono::milliseconds(2);

  void run(const std::stop_token& stop) {
    for (auto due = Clock::now() + beat; !stop.stop_requested(); due = Clock::now() + beat) {
      std::this_thread::sleep_until(due);
      const auto now = Clock::now();
      if (now - due < beat)
        continue;
      const std::lock_guard lock(mutex_);
      stalls_.emplace_back(due, now);
    }
  }

  mutable std::mutex mutex_;
  std::vector<std::pair<Clock::time_point, Clock::time_point>> stalls_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

}  // namespace hwlab::test
