// One loaded instance: the host's side of the contract, and what the plugin registered.
#pragma once

#include <hwlab/plugin.h>

#include <chrono>
#include <functional>
#include <hwlab/plugin_host.hpp>
#include <map>
#include <string>
#include <string_view>

#include "gate.h"

namespace hwlab::host {

// Lives in one place from load() on: the plugin holds its address until unload() has returned.
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

 private:
  static void on_log(void* ctx, std::int32_t level, const hwlab_text* line) noexcept;
  static hwlab_status on_register(void* ctx, const char* family, const void* table, void* self,
                                  hwlab_error* error) noexcept;
  hwlab_status add_hooks(const char* family, const Hooks& hooks, hwlab_error* error);

  const hwlab_plugin* plugin_;
  HostServices services_;
  hwlab_host host_{};
  void* handle_ = nullptr;
  bool loading_ = false;
  std::map<std::string, Hooks, std::less<>> hooks_;
  CallGate gate_;
};

}  // namespace hwlab::host
