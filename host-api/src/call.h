// One call of a hook: what all of them share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <hwlab/plugin_host.hpp>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "instance.h"

namespace hwlab::host {

// ---- text, times and records between C and C++ ----

[[nodiscard]] hwlab_text to_text(std::string_view text) noexcept;  // never absent
[[nodiscard]] hwlab_text to_text(const std::optional<std::string_view>& text) noexcept;
[[nodiscard]] std::string_view to_view(const hwlab_text& text) noexcept;  // absent is empty
[[nodiscard]] std::optional<std::string_view> to_optional(const hwlab_text& text) noexcept;
[[nodiscard]] Time to_time(std::int64_t microseconds) noexcept;

// A record as this header knows it, whatever the plugin's is: members that it does not have are
// zero.
template <class Record>
[[nodiscard]] Record read_record(const Record& record) noexcept {
  Record copy{};
  std::memcpy(&copy, &record, std::min<std::size_t>(record.struct_size, sizeof(Record)));
  return copy;
}

// ---- failures ----

// Throws the Error for a call that came to `status`. `ids` go out with MAYBE_APPLIED.
[[noreturn]] void throw_failure(hwlab_status status, const hwlab_error& error,
                                std::vector<std::string> ids = {});
[[noreturn]] void throw_status(hwlab_status status, const std::string& message);
// A plugin that breaks the contract: INTERNAL.
[[noreturn]] void throw_defect(const std::string& what);
[[noreturn]] void throw_missing_hook(std::string_view hook);

// ---- the call ----

// Throws TIMEOUT when the deadline has passed already.
[[nodiscard]] hwlab_call to_call(const CallOptions& options);

template <class Request, class Result>
using Hook = hwlab_status (*)(void* self, const hwlab_call* call, const Request* request,
                              Result* result, hwlab_error* error);

// Calls the hook. Throws when the call is not made; what it came to is the caller's to judge.
template <class Request, class Result>
hwlab_status invoke(Instance& instance, Hook<Request, Result> hook, void* self,
                    const CallOptions& options, const Request& request, OwnedResult<Result>& result,
                    hwlab_error& error) {
  const auto call = to_call(options);
  const auto pass = instance.gate().enter();
  return hook(self, &call, &request, &result.get(), &error);
}

[[nodiscard]] inline hwlab_error new_error() noexcept {
  hwlab_error error{};
  error.struct_size = sizeof(error);
  return error;
}

// For hooks that store nothing: either the result is given, or this throws.
template <class Request, class Result>
OwnedResult<Result> read(Instance& instance, Hook<Request, Result> hook, void* self,
                         const CallOptions& options, const Request& request) {
  OwnedResult<Result> result;
  auto error = new_error();
  const auto status = invoke(instance, hook, self, options, request, result, error);
  if (status != HWLAB_OK) {
    throw_failure(status, error);
  }
  if (!result.given()) {
    throw_defect("said OK but gave no result");
  }
  return result;
}

}  // namespace hwlab::host
