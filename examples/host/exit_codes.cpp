#include "exit_codes.h"

namespace hwlab::cli {

ExitCode exit_code_of(hwlab_status status) noexcept {
  switch (status) {
    case HWLAB_OK:
      return ExitCode::ok;
    case HWLAB_INVALID:
      return ExitCode::invalid;
    case HWLAB_NOT_FOUND:
      return ExitCode::not_found;
    case HWLAB_CONFLICT:
      return ExitCode::conflict;
    case HWLAB_UNSUPPORTED:
    case HWLAB_TOO_NEW:
      return ExitCode::unsupported;
    case HWLAB_UNAVAILABLE:
    case HWLAB_OVERLOADED:
    case HWLAB_STOPPED:
      return ExitCode::unavailable;
    case HWLAB_TIMEOUT:
      return ExitCode::timeout;
    case HWLAB_PERMISSION:
      return ExitCode::permission;
    case HWLAB_CONFIG:
      return ExitCode::config;
    default:  // NO_MEMORY, INTERNAL and what is not known
      return ExitCode::internal;
  }
}

}  // namespace hwlab::cli
