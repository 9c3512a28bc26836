// What this process has: threads, descriptors, memory.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <thread>

namespace hwlab::check {

[[nodiscard]] std::set<pid_t> thread_ids();
[[nodiscard]] std::size_t count_descriptors();
[[nodiscard]] std::size_t resident_kib();
// The value of a line of /proc/self/task/ID/status; empty: the thread has ended.
[[nodiscard]] std::string status_line(pid_t thread, const std::string& name);

// Waits until it is so. For what the kernel does a little later than it says.
template <typename Condition>
[[nodiscard]] bool comes_true(Condition condition, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// How many threads and descriptors there are, and whether it is so again later.
class Footprint {
 public:
  Footprint();
  // Whether there are no more than at first, or will be soon.
  [[nodiscard]] bool is_same(std::chrono::milliseconds patience) const;
  // Throws Failed unless it is so. `after` says after what.
  void require_same(const std::string& after, std::chrono::milliseconds patience) const;

 private:
  std::size_t threads_;
  std::size_t descriptors_;
};

}  // namespace hwlab::check
