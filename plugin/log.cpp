#include "plugin/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>

#include <string>
#include <utility>
#include <vector>

#include "plugin/presentable.h"

namespace hwlab::plugin {
namespace {

static_assert(static_cast<int>(spdlog::level::trace) == HWLAB_LOG_TRACE &&
              static_cast<int>(spdlog::level::critical) == HWLAB_LOG_CRITICAL);

// Not a base_sink: that one keeps a formatter, which must not be shared without a lock, and the
// host's log has its own form of a line anyway.
class HostSink final : public spdlog::sinks::sink {
 public:
  HostSink(const hwlab_host& host, std::shared_ptr<const config::Redactor> redactor)
      : ctx_(host.ctx), log_(host.log), redactor_(std::move(redactor)) {}

  void log(const spdlog::details::log_msg& message) override {
    const std::string line =
        presentable({message.payload.data(), message.payload.size()}, *redactor_);
    const hwlab_text text{line.data(), line.size()};
    log_(ctx_, static_cast<std::int32_t>(message.level), &text);
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void* ctx_;
  void (*log_)(void* ctx, std::int32_t level, const hwlab_text* line);
  std::shared_ptr<const config::Redactor> redactor_;
};

spdlog::level::level_enum to_spdlog(store::Severity severity) {
  switch (severity) {
    case store::Severity::debug:
      return spdlog::level::debug;
    case store::Severity::info:
      return spdlog::level::info;
    case store::Severity::warning:
      return spdlog::level::warn;
    case store::Severity::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::level::level_enum to_spdlog(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::trace:
      return spdlog::level::trace;
    case config::LogLevel::debug:
      return spdlog::level::debug;
    case config::LogLevel::info:
      return spdlog::level::info;
    case config::LogLevel::warn:
      return spdlog::level::warn;
    case config::LogLevel::error:
      return spdlog::level::err;
    case config::LogLevel::critical:
      return spdlog::level::critical;
    case config::LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

store::Log make_log(const hwlab_host& host, config::LogLevel level,
                    std::shared_ptr<const config::Redactor> redactor) {
  std::vector<spdlog::sink_ptr> sinks;
  if (host.log != nullptr)
    sinks.push_back(std::make_shared<HostSink>(host, std::move(redactor)));
  const auto logger =
      std::make_shared<spdlog::logger>("hwlab_conversations", sinks.begin(), sinks.end());
  logger->set_level(to_spdlog(level));
  return [logger](store::Severity severity, std::string_view line) {
    logger->log(to_spdlog(severity), "{}", line);
  };
}

}  // namespace hwlab::plugin
