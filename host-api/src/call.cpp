#include "call.h"

#include <cctype>
#include <iterator>

namespace hwlab::host {
namespace {

// The plugin should have ended it with a NUL; one that did not must not make us read on.
template <class Text>
std::string bounded(const Text& text) {
  return {std::begin(text), std::find(std::begin(text), std::end(text), '\0')};
}

std::string sqlstate_of(const hwlab_error& error) {
  auto state = bounded(error.sqlstate);
  const bool valid = state.size() == 5 && std::all_of(state.begin(), state.end(), [](char letter) {
                       return std::isalnum(static_cast<unsigned char>(letter)) != 0;
                     });
  return valid ? state : std::string();
}

}  // namespace

hwlab_text to_text(std::string_view text) noexcept {
  return {text.data() != nullptr ? text.data() : "", text.size()};
}

hwlab_text to_text(const std::optional<std::string_view>& text) noexcept {
  return text ? to_text(*text) : hwlab_text{nullptr, 0};
}

std::string_view to_view(const hwlab_text& text) noexcept {
  return text.data != nullptr ? std::string_view(text.data, text.size) : std::string_view();
}

std::optional<std::string_view> to_optional(const hwlab_text& text) noexcept {
  return text.data != nullptr ? std::optional(std::string_view(text.data, text.size))
                              : std::nullopt;
}

Time to_time(std::int64_t microseconds) noexcept {
  return Time(std::chrono::microseconds(microseconds));
}

void throw_failure(hwlab_status status, const hwlab_error& error, std::vector<std::string> ids) {
  Failure failure;
  const bool known = status > HWLAB_OK && status <= HWLAB_INTERNAL;
  failure.status = known ? status : HWLAB_INTERNAL;
  failure.retryable = (error.flags & HWLAB_RETRYABLE) != 0;
  failure.maybe_applied = (error.flags & HWLAB_MAYBE_APPLIED) != 0;
  failure.retry_after = std::chrono::milliseconds(error.retry_after_ms);
  failure.actual_seq = error.actual_seq;
  failure.sqlstate = sqlstate_of(error);
  if (failure.maybe_applied) {
    failure.ids = std::move(ids);
  }
  auto message = bounded(error.message);
  if (message.empty()) {
    message = "the plugin gives no reason for " + std::string(status_name(failure.status));
  }
  if (!known) {
    message += " (the plugin returned the unknown status " + std::to_string(status) + ")";
  }
  throw Error(message, std::move(failure));
}

void throw_status(hwlab_status status, const std::string& message) {
  Failure failure;
  failure.status = status;
  throw Error(message, std::move(failure));
}

void throw_defect(const std::string& what) {
  throw_status(HWLAB_INTERNAL, "the plugin is defective: it " + what);
}

void throw_missing_hook(std::string_view hook) {
  throw_status(HWLAB_UNSUPPORTED, "this plugin has no " + std::string(hook));
}

hwlab_call to_call(const CallOptions& options) {
  const auto timeout = options.timeout.count();
  if (timeout < 0) {
    throw_status(HWLAB_TIMEOUT, "the deadline had passed before the call; nothing was sent");
  }
  hwlab_call call{};
  call.struct_size = sizeof(call);
  call.timeout_ms = static_cast<std::uint32_t>(
      std::min<std::int64_t>(timeout, std::numeric_limits<std::uint32_t>::max()));
  return call;
}

}  // namespace hwlab::host
