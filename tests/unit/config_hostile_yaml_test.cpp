// Does a text that was made to do harm end in an error, soon and with a line?
#include <gtest/gtest.h>

#include <string>

#include "config/settings.h"

namespace hwlab::config {
namespace {

std::string error_of(std::string_view yaml) {
  try {
    parse_settings(yaml, "hwlab.yaml:12");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i)
    result += text;
  return result;
}

constexpr auto too_deep = "hwlab.yaml:12: nested too deeply; expected at most 16 levels";

TEST(ConfigHostileYaml, DeepNestingIsRefusedAtItsLimit) {
  EXPECT_EQ(error_of(repeated("[", 100'000)), too_deep);
  EXPECT_EQ(error_of(repeated("{a: ", 100'000)), too_deep);
  EXPECT_EQ(error_of(repeated("- ", 100'000)), too_deep);
  EXPECT_EQ(error_of("pool: " + repeated("[", 16) + repeated("]", 16)), too_deep);
}

TEST(ConfigHostileYaml, ATextBeyondOneMebibyteIsRefusedUnread) {
  EXPECT_EQ(error_of(std::string(std::size_t{10} << 20, 'x')),
            "hwlab.yaml:12: expected at most 1 MiB of YAML, got 10485760 bytes");
}

TEST(ConfigHostileYaml, TooManyNodesAreRefused) {
  EXPECT_EQ(error_of("pool: { max: [" + repeated("1,", 5'000) + "] }"),
            "hwlab.yaml:12: expected at most 4096 keys and values");
}

TEST(ConfigHostileYaml, AliasesAreRefusedBeforeTheyCanMultiply) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    bomb +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + ", " + last + "]\n";
  }
  EXPECT_EQ(error_of(bomb),
            "hwlab.yaml:12: anchors and aliases are not supported; write the value out");
}

TEST(ConfigHostileYaml, BytesThatAreNoUtf8AreRefusedWithTheirLine) {
  for (const auto* bytes : {"\xFF", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                            "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\x80"}) {
    EXPECT_EQ(error_of("# one\n# " + std::string(bytes) + "\n"),
              "hwlab.yaml:13: expected UTF-8, got a byte that is not part of it");
  }
}

TEST(ConfigHostileYaml, ControlCharactersAndOtherEncodingsAreRefused) {
  using namespace std::string_literals;
  EXPECT_EQ(error_of("startup: lazy\n\0"s),
            "hwlab.yaml:13: expected text, got a control character");
  EXPECT_EQ(error_of("startup: \x1b[2J"), "hwlab.yaml:12: expected text, got a control character");
  EXPECT_EQ(error_of("a\0:\0"s), "hwlab.yaml:12: expected text, got a control character");
  EXPECT_EQ(error_of("\xFF\xFE"s),
            "hwlab.yaml:12: expected UTF-8, got a byte that is not part of it");
}

TEST(ConfigHostileYaml, EscapesThatYieldNoUtf8AreRefusedWithTheirLine) {
  for (const auto* escape : {"\\N", "\\_"})
    EXPECT_EQ(error_of("startup: lazy\nschema: { name: \"a" + std::string(escape) + "b\" }"),
              "hwlab.yaml:13: expected UTF-8, got an escape that yields something else; use "
              "\\u0085 or \\u00A0");
}

TEST(ConfigHostileYaml, NoMessageIsLongerThanALineOfTheConfiguration) {
  EXPECT_LT(error_of("startup: " + std::string(100'000, 'x')).size(), 200U);
  EXPECT_LT(error_of(std::string(100'000, 'x') + ": 1").size(), 300U);
}

}  // namespace
}  // namespace hwlab::config
