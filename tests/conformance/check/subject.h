// What is checked: a plugin's file and its section of the daemon's configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

namespace hwlab::check {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif
#else
inline constexpr bool is_sanitized = false;
#endif

struct Subject {
  std::filesystem::path library;  // absolute
  std::string config;             // the plugin's section
  std::string config_origin;
  std::string dsn_variable;  // empty: none is known
  bool has_server = true;
  std::uint64_t seed = 0;
  int patience = 1;  // how many times slower than usual this machine may be

  // How much later than its deadline a call may return.
  [[nodiscard]] std::chrono::milliseconds tolerance() const {
    return patience * std::chrono::milliseconds(3'000);
  }
  // The same choices for the same seed. Ids do not come from here: they must be new in each run.
  [[nodiscard]] std::mt19937_64 choices() const { return std::mt19937_64(seed); }
};

}  // namespace hwlab::check
