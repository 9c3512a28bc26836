#include "gate.h"

#include <algorithm>
#include <hwlab/plugin_host.hpp>

namespace hwlab::host {

CallGate::Pass CallGate::enter() {
  const std::lock_guard lock(mutex_);
  if (!open_) {
    Failure failure;
    failure.status = HWLAB_STOPPED;
    throw Error("the plugin is not loaded, or is being unloaded", std::move(failure));
  }
  ++inside_;
  return Pass(*this);
}

void CallGate::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

std::chrono::milliseconds CallGate::close(std::chrono::milliseconds grace) {
  const auto deadline = std::chrono::steady_clock::now() + grace;
  std::unique_lock lock(mutex_);
  open_ = false;
  left_.wait_until(lock, deadline, [this] { return inside_ == 0; });
  const auto left =
      std::chrono::floor<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

void CallGate::leave() noexcept {
  const std::lock_guard lock(mutex_);
  // Under the lock: close() may return, and the gate be gone, as soon as the count is seen as zero.
  if (--inside_ == 0 && !open_) {
    left_.notify_all();
  }
}

}  // namespace hwlab::host
