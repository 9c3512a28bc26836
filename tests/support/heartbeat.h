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

namespace hwlab::test {

// A thread that wants to run every few milliseconds, and writes down when it could not.
class Heartbeat {
 public:
  using Clock = std::chrono::steady_clock;

  // The part of this time in which it was stalled.
  [[nodiscard]] std::chrono::microseconds stalled(Clock::time_point from,
                                                  Clock::time_point to) const {
    const std::lock_guard lock(mutex_);
    Clock::duration sum{0};
    const auto count = [&](Clock::time_point begin, Clock::time_point end) {
      if (begin < to && from < end)
        sum += std::min(end, to) - std::max(begin, from);
    };
    for (const auto& [begin, end] : stalls_)
      count(begin, end);
    if (Clock::now() - due_ >= beat)  // the thread that asks was woken first
      count(due_, to);
    return std::chrono::duration_cast<std::chrono::microseconds>(sum);
  }

 private:
  static constexpr auto beat = std::chrono::milliseconds(2);

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto due = next();
      std::this_thread::sleep_until(due);
      const auto now = Clock::now();
      if (now - due < beat)
        continue;
      const std::lock_guard lock(mutex_);
      stalls_.emplace_back(due, now);
      due_ = Clock::time_point::max();  // it is written down now
    }
  }
  Clock::time_point next() {
    const std::lock_guard lock(mutex_);
    due_ = Clock::now() + beat;
    return due_;
  }

  mutable std::mutex mutex_;  // guards the members before the thread
  std::vector<std::pair<Clock::time_point, Clock::time_point>> stalls_;
  Clock::time_point due_ = Clock::time_point::max();
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

}  // namespace hwlab::test
