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
  using store::Severity;
  constexpr std::array<std::pair<Severity, std::int32_t>, 4> severities = {
      {{Severity::debug, HWLAB_LOG_DEBUG},
       {Severity::info, HWLAB_LOG_INFO},
       {Severity::warning, HWLAB_LOG_WARN},
       {Severity::error, HWLAB_LOG_ERROR}}};
  const std::array<std::pair<LogLevel, std::size_t>, 7> counts = {{{LogLevel::trace, 4},
                                                                   {LogLevel::debug, 4},
                                                                   {LogLevel::info, 3},
                                                                   {LogLevel::warn, 2},
                                                                   {LogLevel::error, 1},
                                                                   {LogLevel::critical, 0},
                                                                   {LogLevel::off, 0}}};
  for (const auto& [level, expected] : counts) {
    Lines lines;
    const auto log = make_log(host_with_log(lines), level, std::make_shared<config::Redactor>());
    for (const auto& [severity, number] : severities)
      log(severity, "line {} " + std::to_string(number));
    ASSERT_EQ(lines.size(), expected);
    for (const auto& [of, text] : lines)
      EXPECT_EQ(text, "line {} " + std::to_string(of));
  }
}

TEST(Log, ShowsNoSecretAndNoIllFormedText) {
  Lines lines;
  const std::array<config::Secret, 1> secrets = {config::Secret("canary-4711")};
  const auto log = make_log(host_with_log(lines), config::LogLevel::info,
                            std::make_shared<config::Redactor>(secrets));
  log(store::Severity::info, "password canary-4711 \xff");
  EXPECT_EQ(lines, (Lines{{HWLAB_LOG_INFO, "password [redacted] \xef\xbf\xbd"}}));
}

TEST(Log, OfAHostWithoutOneGoesNowhere) {
  const hwlab_host host{};
  const auto log = make_log(host, config::LogLevel::trace, std::make_shared<config::Redactor>());
  EXPECT_NO_THROW(log(store::Severity::error, "nobody hears it"));
}

}  // namespace
}  // namespace hwlab::plugin
