// A point in time by which a call must have returned.
#pragma once

#include <algorithm>
#include <chrono>

namespace hwlab::store {

// One deadline is made when a call comes in and covers all of its waiting: for a connection, for
// the schema, for the server, between two attempts.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(Clock::time_point at) : at_(at) {}
  static Deadline in(std::chrono::milliseconds duration) {
    return Deadline(Clock::now() + duration);
  }
  static Deadline never() { return Deadline(Clock::time_point::max()); }

  [[nodiscard]] Clock::time_point at() const noexcept { return at_; }
  [[nodiscard]] bool passed() const noexcept { return Clock::now() >= at_; }
  // Not negative; rounded up, so that to wait for it is to reach it.
  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto now = Clock::now();
    return now >= at_ ? std::chrono::milliseconds{0}
                      : std::chrono::ceil<std::chrono::milliseconds>(at_ - now);
  }
  [[nodiscard]] Deadline or_earlier(std::chrono::milliseconds duration) const {
    return Deadline(std::min(at_, Clock::now() + duration));
  }

  friend bool operator<(Deadline left, Deadline right) noexcept { return left.at_ < right.at_; }

 private:
  Clock::time_point at_;
};

}  // namespace hwlab::store
