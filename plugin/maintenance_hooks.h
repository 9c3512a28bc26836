// The extension for operators.
#pragma once

#include <hwlab/maintenance.h>

namespace hwlab::plugin {

// Constant; `instance` of its functions is an Instance.
const hwlab_maintenance& maintenance_hooks() noexcept;

}  // namespace hwlab::plugin
