// Exit codes of hwlab-host, as in sysexits.h.
#pragma once

#include <hwlab/plugin.h>

namespace hwlab::cli {

enum class ExitCode : int {
  ok = 0,
  usage = 64,
  invalid = 65,
  not_found = 66,
  unavailable = 69,
  internal = 70,
  conflict = 73,
  output = 74,  // the output cannot be written, or the input not be read
  timeout = 75,
  unsupported = 76,
  permission = 77,
  config = 78,
};

[[nodiscard]] ExitCode exit_code_of(hwlab_status status) noexcept;

}  // namespace hwlab::cli
