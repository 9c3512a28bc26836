// The host's side of one instance of a plugin.
#pragma once

#include <hwlab/plugin.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "calls.h"
#include "library.h"
#include "subject.h"

namespace hwlab::check {

// What a daemon offers to a plugin. Lives as long as the instance.
class Daemon {
 public:
  explicit Daemon(const Subject& subject);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  std::string config;
  hwlab_status answer_to_registration = HWLAB_OK;
  // Instead of keeping the lines. To be set before load; called on any thread.
  std::function<void(std::string_view line)> on_log;

  // Never longer valid than the daemon.
  [[nodiscard]] const hwlab_host* host();
  [[nodiscard]] Hooks hooks() const { return hooks_; }
  [[nodiscard]] int registrations() const { return registrations_; }
  [[nodiscard]] std::string log_text() const;

 private:
  void log(std::string_view line);

  std::string name_ = "hwlab-plugin-check";
  std::string origin_;
  hwlab_host host_{};
  Hooks hooks_;
  int registrations_ = 0;  // of the conversation hooks
  mutable std::mutex mutex_;
  std::string lines_;  // guarded by mutex_
};

// What load() came to.
struct Loaded {
  hwlab_status status = HWLAB_INTERNAL;
  hwlab_error error{};
  void* instance = nullptr;
};
// Also checks what holds of every load.
[[nodiscard]] Loaded load(const Library& library, Daemon& daemon);

struct Unloaded {
  hwlab_status status = HWLAB_INTERNAL;
  hwlab_error error{};
};
[[nodiscard]] Unloaded unload(const Library& library, void* instance, std::uint32_t grace_ms);

// Loads on construction, and fails the case when that is refused; unloads with the object.
class Instance {
 public:
  explicit Instance(const Subject& subject);
  Instance(const Subject& subject, const Library& library,
           const std::function<void(Daemon&)>& prepare = {});
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance();

  [[nodiscard]] const Hooks& hooks() const noexcept { return hooks_; }
  [[nodiscard]] const Library& library() const noexcept { return library_; }
  [[nodiscard]] Daemon& daemon() noexcept { return daemon_; }
  [[nodiscard]] void* handle() const noexcept { return instance_; }
  // Once; fails the case unless it succeeds.
  void unload(std::uint32_t grace_ms = 10'000);
  // Somebody else has unloaded it.
  void forget() noexcept { instance_ = nullptr; }

 private:
  Library library_;
  Daemon daemon_;
  void* instance_ = nullptr;
  Hooks hooks_;
};

}  // namespace hwlab::check
