// Keeps calls out of an instance that is gone, and counts those that are inside.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace hwlab::host {

// A plugin is not to be called any more once unload() has been called, but handles to its hooks may
// live on in other threads. So every call passes this gate. [any]
class CallGate {
 public:
  // A call that is inside, until it is destroyed.
  class Pass {
   public:
    explicit Pass(CallGate& gate) noexcept : gate_(&gate) {}
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    Pass(Pass&&) = delete;
    Pass& operator=(Pass&&) = delete;
    ~Pass() { gate_->leave(); }

   private:
    CallGate* gate_;
  };

  // Throws Error (STOPPED) when the gate is closed, as it is at first.
  [[nodiscard]] Pass enter();
  void open();
  // From now on nobody enters; waits until nobody is inside, for at most `grace`. Returns what is
  // left of it.
  std::chrono::milliseconds close(std::chrono::milliseconds grace);

 private:
  void leave() noexcept;

  std::mutex mutex_;
  std::condition_variable left_;
  bool open_ = false;    // guarded by mutex_
  unsigned inside_ = 0;  // guarded by mutex_
};

}  // namespace hwlab::host
