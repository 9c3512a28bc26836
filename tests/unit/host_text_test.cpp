// Are times, durations, stored text and exit codes what people and scripts rely on?
#include <gtest/gtest.h>

#include <limits>

#include "exit_codes.h"
#include "text.h"

namespace hwlab::cli {
namespace {

using namespace std::chrono_literals;

host::Time at(std::int64_t microseconds) {
  return host::Time(std::chrono::microseconds(microseconds));
}

TEST(FormatTime, IsRfc3339InUtcWithSixDecimals) {
  EXPECT_EQ(format_time(at(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time(at(1'769'903'999'000'001)), "2026-01-31T23:59:59.000001Z");
}

TEST(FormatTime, CountsForwardFromTheSecondBeforeNegativeTimes) {
  EXPECT_EQ(format_time(at(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(FormatTime, SurvivesTheEndsOfTheRange) {
  EXPECT_FALSE(format_time(at(std::numeric_limits<std::int64_t>::max())).empty());
  EXPECT_FALSE(format_time(at(std::numeric_limits<std::int64_t>::min())).empty());
}

TEST(ParseDuration, ReadsANumberWithItsUnit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("2h"), 2h);
}

TEST(ParseDuration, RefusesWhatIsNoDurationAboveZero) {
  for (const auto* text : {"", "10", "s", "0s", "-1s", "1.5s", "10 s", "10S", "1d", " 1s", "1s ",
                           "50000000000ms", "99999999999999999999s", "2000h"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(EscapeForTerminal, LeavesTextOfAllLanguagesAlone) {
  const std::string text = "caf\u00e9 \u4f60\u597d \U0001F600 quote\" back\\slash %_";
  EXPECT_EQ(escape_for_terminal(text), text);
}

TEST(EscapeForTerminal, ShowsControlCharactersInsteadOfSendingThem) {
  EXPECT_EQ(escape_for_terminal("a\x1b[2J"), "a\\x1B[2J");
  EXPECT_EQ(escape_for_terminal(std::string_view("\0\a\r", 3)), "\\x00\\x07\\x0D");
  EXPECT_EQ(escape_for_terminal("\x7f"), "\\x7F");
  EXPECT_EQ(escape_for_terminal("\u009b31m"), "\\xC2\\x9B31m");
  EXPECT_EQ(escape_for_terminal("\u00a0"), "\u00a0") << "the first that is no control character";
}

TEST(EscapeForTerminal, KeepsLineEndsAndTabsOnlyWhereLinesAreExpected) {
  EXPECT_EQ(escape_for_terminal("a\n\tb"), "a\n\tb");
  EXPECT_EQ(escape_for_terminal("a\n\tb", Lines::one), "a\\x0A\\x09b");
}

TEST(EscapeForTerminal, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(escape_for_terminal("\xff"), "\\xFF");
  EXPECT_EQ(escape_for_terminal("\xc3"), "\\xC3") << "cut";
  EXPECT_EQ(escape_for_terminal("\xc0\xaf"), "\\xC0\\xAF") << "overlong";
  EXPECT_EQ(escape_for_terminal("\xed\xa0\x80"), "\\xED\\xA0\\x80") << "surrogate";
  EXPECT_EQ(escape_for_terminal("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80") << "above U+10FFFF";
  EXPECT_EQ(escape_for_terminal("\x9b"), "\\x9B");
}

TEST(ExitCode, FollowsTheStatus) {
  const std::pair<hwlab_status, int> expected[] = {
      {HWLAB_OK, 0},           {HWLAB_INVALID, 65},     {HWLAB_NOT_FOUND, 66},
      {HWLAB_CONFLICT, 73},    {HWLAB_UNSUPPORTED, 76}, {HWLAB_TOO_NEW, 76},
      {HWLAB_UNAVAILABLE, 69}, {HWLAB_OVERLOADED, 69},  {HWLAB_TIMEOUT, 75},
      {HWLAB_PERMISSION, 77},  {HWLAB_STOPPED, 69},     {HWLAB_CONFIG, 78},
      {HWLAB_NO_MEMORY, 70},   {HWLAB_INTERNAL, 70},    {12345, 70}};
  for (const auto& [status, code] : expected) {
    EXPECT_EQ(static_cast<int>(exit_code_of(status)), code) << host::status_name(status);
  }
}

}  // namespace
}  // namespace hwlab::cli
