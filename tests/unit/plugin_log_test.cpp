// Does a host's log get the lines it wants, as they may be shown?
#include "plugin/log.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hwlab::plugin {
namespace {

using Lines = std::vector<std::pair<std::int32_t, std::string>>;

void keep(void* ctx, std::int32_t level, const hwlab_text* line) {
  static_cast<Lines*>(ctx)->emplace_back(level, std::string(line->data, line->size));
}

hwlab_host host_with_log(Lines& lines) {
  hwlab_host host{};
  host.struct_size = sizeof host;
  host.ctx = &lines;
  host.log = keep;
  return host;
}

TEST(Log, GivesLinesOfItsLevelAndAbove) {
  using config::LogLevel;
  const std::array<std::pair<LogLevel, std::size_t>, 7> counts = {{{LogLevel::trace, 6},
                                                                   {LogLevel::debug, 5},
                                                                   {LogLevel::info, 4},
                                                                   {LogLevel::warn, 3},
                                                                   {LogLevel::error, 2},
                                                                   {LogLevel::critical, 1},
                                                                   {LogLevel::off, 0}}};
  for (const auto& [level, expected] : counts) {
    Lines lines;
    const auto logger =
        make_logger(host_with_log(lines), level, std::make_shared<config::Redactor>());
    for (int written = HWLAB_LOG_TRACE; written <= HWLAB_LOG_CRITICAL; ++written)
      logger->log(static_cast<spdlog::level::level_enum>(written), "line {}", written);
    ASSERT_EQ(lines.size(), expected);
    for (const auto& [of, text] : lines)
      EXPECT_EQ(text, "line " + std::to_string(of));
  }
}

TEST(Log, KeepsItsFormAndShowsNoSecret) {
  Lines lines;
  const std::array<config::Secret, 1> secrets = {config::Secret("canary-4711")};
  const auto logger = make_logger(host_with_log(lines), config::LogLevel::info,
                                  std::make_shared<config::Redactor>(secrets));
  logger->set_pattern("%H:%M:%S %v");  // of a program that sets it for all loggers
  logger->info("password canary-4711 \xff");
  logger->flush();
  EXPECT_EQ(lines, (Lines{{HWLAB_LOG_INFO, "password [redacted] \xef\xbf\xbd"}}));
}

TEST(Log, OfAHostWithoutOneGoesNowhere) {
  const hwlab_host host{};
  const auto logger =
      make_logger(host, config::LogLevel::trace, std::make_shared<config::Redactor>());
  EXPECT_TRUE(logger->sinks().empty());
  logger->critical("nobody hears it");
}

}  // namespace
}  // namespace hwlab::plugin
