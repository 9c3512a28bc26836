// Lines for the daemon's log.
#pragma once

#include <hwlab/plugin.h>

#include <memory>

#include "config/redactor.h"
#include "config/settings.h"
#include "store/log.h"

namespace hwlab::plugin {

// By a logger of its own (not in spdlog's registry), which hands each line of `level` or above to
// the host's callback, with known secrets redacted. It holds no lock while it does so. `host` is
// read now; its callback must be callable for as long as the log is used. [any thread]
store::Log make_log(const hwlab_host& host, config::LogLevel level,
                    std::shared_ptr<const config::Redactor> redactor);

}  // namespace hwlab::plugin
