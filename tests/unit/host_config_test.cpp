// Does the plugin get the text of its section with true line numbers, and does a mistake in the
// daemon's file end in a sentence that names line and key?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon_config.h"
#include "host_support.h"

namespace hwlab::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<PluginEntry> parse(const std::string& text) {
  return parse_daemon_config(text, "/etc/hwlab.yaml");
}

// The one entry of a file whose `config:` key, with all that follows it, is `section`.
PluginEntry entry_with(const std::string& section) {
  return parse("plugins:\n  - name: a\n    library: /a.so\n" + section).at(0);
}

std::string mistake_in(const std::string& text) {
  try {
    (void)parse(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no mistake";
}

TEST(DaemonConfig, ReadsEntriesAndIgnoresKeysOfTheDaemon) {
  const auto entries = parse(R"(listen: 0.0.0.0:80
plugins:
  - name: one
    library: /opt/one.so
  - { name: two, library: two.so, enabled: false }
plugin_dir: /usr/lib/hwlab
)");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "one");
  EXPECT_EQ(entries[0].library, "/opt/one.so");
  EXPECT_TRUE(entries[0].enabled);
  EXPECT_EQ(entries[0].config, "");
  EXPECT_EQ(entries[0].config_origin, "/etc/hwlab.yaml");
  EXPECT_EQ(entries[1].library, "/usr/lib/hwlab/two.so");
  EXPECT_FALSE(entries[1].enabled);
}

TEST(DaemonConfig, TakesARelativePluginDirFromTheFilesOwnFolder) {
  const auto entries = parse("plugin_dir: lib\nplugins: [{name: a, library: a.so}]\n");
  EXPECT_EQ(entries.at(0).library, "/etc/lib/a.so");
}

TEST(DaemonConfig, AnEmptyFileHasNoPlugins) {
  EXPECT_TRUE(parse("").empty());
  EXPECT_TRUE(parse("plugins:\n").empty());
}

TEST(CutSection, KeepsTheLinesWithTheirCommentsAndTheTrueLine) {
  const auto entry = entry_with(
      "    config:\n"
      "      # first\n"
      "      a: 1   # one\n"
      "\n"
      "  # less indented\n"
      "      b: { c: 2 }\n"
      "      d:\n"
      "      - x\n"
      "    # about the next key\n"
      "    enabled: true\n");
  EXPECT_EQ(entry.config,
            "      a: 1   # one\n"
            "\n"
            "  # less indented\n"
            "      b: { c: 2 }\n"
            "      d:\n"
            "      - x\n");
  EXPECT_EQ(entry.config_origin, "/etc/hwlab.yaml:6");
}

TEST(CutSection, EndsWithTheEntryOrTheFile) {
  EXPECT_EQ(entry_with("    config:\n      a: 1\n  - name: b\n    library: /b.so\n").config,
            "      a: 1\n");
  EXPECT_EQ(entry_with("    config:\n      a: 1\nother: key\n").config, "      a: 1\n");
  EXPECT_EQ(entry_with("    config:\n      a: 1").config, "      a: 1");
}

TEST(CutSection, KeepsCarriageReturnsAndCountsThemNot) {
  const auto entry = parse(
                         "plugins:\r\n  - name: a\r\n    library: /a.so\r\n    config:\r\n"
                         "      a: 1\r\n      b: 2\r\n    enabled: true\r\n")
                         .at(0);
  EXPECT_EQ(entry.config, "      a: 1\r\n      b: 2\r\n");
  EXPECT_EQ(entry.config_origin, "/etc/hwlab.yaml:5");
}

TEST(CutSection, KeepsDuplicateKeysForThePluginToRefuse) {
  EXPECT_EQ(entry_with("    config:\n      a: 1\n      a: 2\n").config, "      a: 1\n      a: 2\n");
}

TEST(CutSection, KeepsTextBlocks) {
  const std::string section = "      a: |\n        # no comment\n\n        text\n      b: 2\n";
  EXPECT_EQ(entry_with("    config:\n" + section).config, section);
}

TEST(CutSection, WritesFlowStyleAnewWithoutALine) {
  const auto entry = entry_with("    config: { a: 1, b: [x, y] }\n");
  EXPECT_EQ(entry.config_origin, "/etc/hwlab.yaml");
  EXPECT_THAT(entry.config, HasSubstr("a: 1"));
  EXPECT_THAT(entry.config, testing::Not(HasSubstr("config")));
}

TEST(CutSection, WritesASectionAnewThatUsesAnAnchorFromOutside) {
  const auto entry = parse(
                         "shared: &s {x: 1}\nplugins:\n  - name: a\n    library: /a.so\n"
                         "    config:\n      inner: *s\n")
                         .at(0);
  EXPECT_EQ(entry.config_origin, "/etc/hwlab.yaml");
  EXPECT_THAT(entry.config, HasSubstr("x: 1"));
}

TEST(CutSection, AnEmptySectionIsEmptyAndHasItsLine) {
  const auto entry = entry_with("    config:\n");
  EXPECT_EQ(entry.config, "");
  EXPECT_EQ(entry.config_origin, "/etc/hwlab.yaml:4");
}

struct Mistake {
  const char* text;
  const char* sentence;
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, NameLineAndKey) {
  EXPECT_THAT(mistake_in(GetParam().text), StartsWith(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(
    DaemonConfig, Mistakes,
    testing::Values(
        Mistake{"plugins:\n  - name: a\n    libary: /a.so\n",
                "/etc/hwlab.yaml:3: plugins[0].libary: unknown key; expected name, library, "
                "enabled or config"},
        Mistake{"plugins:\n  - library: /a.so\n", "/etc/hwlab.yaml:2: plugins[0].name: is missing"},
        Mistake{"plugins:\n  - name: a\n", "/etc/hwlab.yaml:2: plugins[0].library: is missing"},
        Mistake{"plugins:\n  - name: a\n    name: b\n    library: /a.so\n",
                "/etc/hwlab.yaml:3: plugins[0].name: is given twice"},
        Mistake{"plugins:\n  - {name: a, library: /a}\n  - {name: a, library: /b}\n",
                "/etc/hwlab.yaml:3: plugins[1].name: another plugin is named a already"},
        Mistake{"plugins:\n  - name: a\n    library: sub/a.so\n",
                "/etc/hwlab.yaml:3: plugins[0].library: expected an absolute path"},
        Mistake{"plugins:\n  - name: a\n    library: a.so\n",
                "/etc/hwlab.yaml:3: plugins[0].library: is a name without a folder"},
        Mistake{"plugins:\n  - name: a\n    library: [a]\n",
                "/etc/hwlab.yaml:3: plugins[0].library: expected a text"},
        Mistake{"plugins:\n  - name: a\n    library: /a\n    enabled: maybe\n",
                "/etc/hwlab.yaml:4: plugins[0].enabled: expected true or false"},
        Mistake{"plugins: yes\n", "/etc/hwlab.yaml:1: plugins: expected a list of plugins"},
        Mistake{"plugins:\n  - a\n", "/etc/hwlab.yaml:2: plugins[0]: expected a mapping"},
        Mistake{"plugins: []\nplugins: []\n", "/etc/hwlab.yaml:2: plugins: is given twice"},
        Mistake{"- a\n", "/etc/hwlab.yaml:1: expected a mapping with the key plugins"},
        Mistake{"a: 1\nb: [1\n", "/etc/hwlab.yaml:3: is not YAML"}));

TEST(DaemonConfig, SurvivesAliasesThatUnfoldWithoutEnd) {
  std::string text =
      "plugins:\n  - name: a\n    library: /a.so\n    config:\n      l0: &l0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const auto before = "*l" + std::to_string(i - 1);
    text += "      l" + std::to_string(i) + ": &l" + std::to_string(i) + " [" + before + ", " +
            before + "]\n";
  }
  EXPECT_THAT(parse(text).at(0).config, HasSubstr("l39"));
}

TEST(DaemonConfig, NamesTheFileThatCannotBeRead) {
  const test::TemporaryFolder folder;
  for (const auto& file : {folder.path() / "none.yaml", folder.path()}) {
    try {
      (void)load_daemon_config(file);
      ADD_FAILURE() << "read " << file;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), StartsWith(file.string() + ": cannot be read: "));
    }
  }
}

TEST(DaemonConfig, TheExampleOfThisProjectIsRead) {
  const auto entries = load_daemon_config(HWLAB_SOURCE_DIR "/examples/hwlab.yaml");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].library, "/usr/lib/hwlab/hwlab_conversations.so");
  EXPECT_THAT(entries[0].config, HasSubstr("env: HWLAB_DATABASE_URL"));
  EXPECT_THAT(entries[0].config_origin, testing::EndsWith("hwlab.yaml:13"));
}

}  // namespace
}  // namespace hwlab::cli
