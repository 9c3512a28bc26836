// Lines for the daemon's log.
#pragma once

#include <hwlab/plugin.h>
#include <spdlog/logger.h>

#include <memory>

#include "config/redactor.h"
#include "config/settings.h"

namespace hwlab::plugin {

// A logger of its own (not in spdlog's registry), which hands each line to the host's callback,
// with known secrets redacted. It holds no lock while it does so. `host` is read now; its callback
// must be callable for as long as the logger is used.
std::shared_ptr<spdlog::logger> make_logger(const hwlab_host& host, config::LogLevel level,
                                            std::shared_ptr<const config::Redactor> redactor);

}  // namespace hwlab::plugin
