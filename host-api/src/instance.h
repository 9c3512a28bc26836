// One loaded instance: the host's side of the contract, and what the plugin registered.
#pragma once

#include <hwlab/plugin.h>

#include <chrono>
#include <functional>
#include <hwlab/plugin_host.hpp>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "gate.h"

namespace hwlab::host {

// Lives in one place from load() on: the plugin holds its address until unload() has returned, a
// defective one even longer (see keep_for_latecomers).
class Instance {
 public:
  Instance(const hwlab_plugin& plugin, HostServices services);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  Instance(Instance&&) = delete;
  Instance& operator=(Instance&&) = delete;
  ~Instance() = default;

  void load();                                   // [loader]; throws Error
  void unload(std::chrono::milliseconds grace);  // [loader]; throws Error

  struct Hooks {
    const void* table = nullptr;
    void* self = nullptr;
  };
  // Null: no such family. Settled by load(), so [any] afterwards.
  [[nodiscard]] const Hooks* find(std::string_view family) const;
  [[nodiscard]] const void* extension(const char* id);  // [any]; null: none
  [[nodiscard]] void* handle() const noexcept { return handle_; }
  [[nodiscard]] CallGate& gate() noexcept { return gate_; }        // [any]
  void log(LogLevel level, std::string_view line) const noexcept;  // [any]
  // From now on lines are dropped, and the daemon's log is forgotten. Waits for lines under way.
  void end_log() noexcept;

 private:
  static void on_log(void* ctx, std::int32_t level, const hwlab_text* line) noexcept;
  static hwlab_status on_register(void* ctx, const char* family, const void* table, void* self,
                                  hwlab_error* error) noexcept;
  hwlab_status add_hooks(const char* family, const Hooks& hooks, hwlab_error* error);

  const hwlab_plugin* plugin_;
  mutable std::shared_mutex log_mutex_;  // held together by lines under way, alone by end_log()
  HostServices services_;                // its log: guarded by log_mutex_
  hwlab_host host_{};
  void* handle_ = nullptr;
  bool loading_ = false;
  std::map<std::string, Hooks, std::less<>> hooks_;
  CallGate gate_;
};

// Keeps an instance in memory until many others were ended after it: a defective plugin may have
// left a thread behind that still calls the host.
void keep_for_latecomers(const std::shared_ptr<Instance>& ended) noexcept;

}  // namespace hwlab::host
