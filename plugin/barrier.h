// The one place where exceptions end and become statuses.
#pragma once

#include <hwlab/plugin.h>

#include <string_view>

#include "config/redactor.h"

namespace hwlab::plugin {

namespace detail {
// Says what the exception under way means. To be called within a catch clause.
hwlab_status translate_current(hwlab_error* error, const config::Redactor* redactor) noexcept;
}  // namespace detail

// Writes as much of an error as its struct_size covers; `error` may be null.
void write_error(hwlab_error* error, hwlab_status status, std::string_view message) noexcept;

// Runs `body`, and returns HWLAB_OK or what its exception comes to. `redactor` may be null while
// there are no secrets yet.
template <typename Body>
hwlab_status with_barrier(hwlab_error* error, const config::Redactor* redactor,
                          Body body) noexcept {
  try {
    body();
    write_error(error, HWLAB_OK, {});
    return HWLAB_OK;
  } catch (...) {
    return detail::translate_current(error, redactor);
  }
}

}  // namespace hwlab::plugin
