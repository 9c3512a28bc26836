#include "instance.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <utility>

#include "call.h"

namespace hwlab::host {
namespace {

// Tells a plugin why the host said no, as far as its struct reaches.
hwlab_status refuse(hwlab_error* out, hwlab_status status, std::string_view why) noexcept {
  if (out != nullptr && out->struct_size >= sizeof(std::uint32_t)) {
    auto error = new_error();
    error.status = status;
    std::memcpy(error.message, why.data(), std::min(why.size(), sizeof(error.message) - 1));
    error.struct_size = out->struct_size;
    std::memcpy(out, &error, std::min<std::size_t>(out->struct_size, sizeof(error)));
  }
  return status;
}

}  // namespace

Instance::Instance(const hwlab_plugin& plugin, HostServices services)
    : plugin_(&plugin), services_(std::move(services)) {
  host_.struct_size = sizeof(host_);
  host_.abi_minor = HWLAB_ABI_MINOR;
  host_.ctx = this;
  host_.name = services_.name.c_str();
  host_.config = to_text(std::string_view(services_.config));
  host_.config_origin = to_text(std::string_view(services_.config_origin));
  host_.log = services_.log ? &Instance::on_log : nullptr;
  host_.register_hooks = &Instance::on_register;
}

void Instance::load() {
  auto error = new_error();
  loading_ = true;
  const auto status = plugin_->load(&host_, &handle_, &error);
  loading_ = false;
  if (status != HWLAB_OK) {
    throw_failure(status, error);
  }
  if (handle_ == nullptr) {
    throw_defect("said that it is loaded but gave no instance");
  }
  gate_.open();
}

void Instance::unload(std::chrono::milliseconds grace) {
  // First let the calls that run come out, then tell the plugin: it must not be told while a thread
  // of ours is on its way in. Those that stay longer are the plugin's to cut off.
  const auto left = gate_.close(std::max(grace, std::chrono::milliseconds(0)));
  auto error = new_error();
  const auto grace_ms = static_cast<std::uint32_t>(
      std::min<std::int64_t>(left.count(), std::numeric_limits<std::uint32_t>::max()));
  const auto status = plugin_->unload(handle_, grace_ms, &error);
  if (status != HWLAB_OK) {
    throw_failure(status, error);
  }
}

const Instance::Hooks* Instance::find(std::string_view family) const {
  const auto found = hooks_.find(family);
  return found != hooks_.end() ? &found->second : nullptr;
}

const void* Instance::extension(const char* id) {
  const auto pass = gate_.enter();
  return HWLAB_HAS(plugin_, hwlab_plugin, get_extension) ? plugin_->get_extension(handle_, id)
                                                         : nullptr;
}

void Instance::log(LogLevel level, std::string_view line) const noexcept {
  try {
    const std::shared_lock under_way(log_mutex_);
    if (services_.log) {
      services_.log(level, line);
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is nowhere to complain of a broken log
  }
}

void Instance::end_log() noexcept {
  const std::lock_guard alone(log_mutex_);
  services_.log = nullptr;
}

void Instance::on_log(void* ctx, std::int32_t level, const hwlab_text* line) noexcept {
  if (ctx != nullptr && line != nullptr) {
    const auto known = std::clamp<std::int32_t>(level, HWLAB_LOG_TRACE, HWLAB_LOG_CRITICAL);
    static_cast<const Instance*>(ctx)->log(static_cast<LogLevel>(known), to_view(*line));
  }
}

hwlab_status Instance::on_register(void* ctx, const char* family, const void* table, void* self,
                                   hwlab_error* error) noexcept {
  if (ctx == nullptr || family == nullptr || table == nullptr) {
    return refuse(error, HWLAB_INVALID, "hooks need a family and a table");
  }
  try {
    return static_cast<Instance*>(ctx)->add_hooks(family, {table, self}, error);
  } catch (...) {
    return refuse(error, HWLAB_NO_MEMORY, "no memory to keep the hooks");
  }
}

hwlab_status Instance::add_hooks(const char* family, const Hooks& hooks, hwlab_error* error) {
  if (!loading_) {
    return refuse(error, HWLAB_INVALID, "hooks can be registered only from within load");
  }
  if (!hooks_.emplace(family, hooks).second) {
    return refuse(error, HWLAB_CONFLICT, "hooks of this family are registered already");
  }
  return refuse(error, HWLAB_OK, "");
}

void keep_for_latecomers(const std::shared_ptr<Instance>& ended) noexcept {
  static std::mutex mutex;
  using Kept = std::array<std::shared_ptr<Instance>, 16>;
  alignas(Kept) static std::array<std::byte, sizeof(Kept)> storage;
  static auto& kept = *::new (storage.data()) Kept;  // never destroyed: it outlives every thread
  static std::size_t next = 0;
  std::shared_ptr<Instance> oldest;  // its destructor runs without the lock
  const std::lock_guard lock(mutex);
  oldest = std::exchange(kept[next], ended);
  next = (next + 1) % kept.size();
}

}  // namespace hwlab::host
