#include <array>
#include <cstddef>
#include <hwlab/plugin_host.hpp>

namespace hwlab::host {

Error::Error(const std::string& message, Failure failure)
    : std::runtime_error(message), failure_(std::make_shared<const Failure>(std::move(failure))) {}

PluginFileError::PluginFileError(Refusal kind, const std::string& message)
    : Error(message,
            [] {
              Failure failure;
              failure.status = HWLAB_CONFIG;
              return failure;
            }()),
      kind_(kind) {}

std::string_view status_name(hwlab_status status) noexcept {
  constexpr std::array<std::string_view, 14> names{
      "OK",         "INVALID", "NOT_FOUND",  "CONFLICT", "UNSUPPORTED", "TOO_NEW",   "UNAVAILABLE",
      "OVERLOADED", "TIMEOUT", "PERMISSION", "STOPPED",  "CONFIG",      "NO_MEMORY", "INTERNAL"};
  if (status < 0 || static_cast<std::size_t>(status) >= names.size()) {
    return "INTERNAL";
  }
  return names[static_cast<std::size_t>(status)];
}

}  // namespace hwlab::host
