// Does our plugin keep what the headers promise, and does hwlab-plugin-check keep what its page
// says?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "tests/conformance/check/subject.h"
#include "tests/conformance/check_program.h"
#include "tests/support/database.h"

namespace hwlab::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

std::string file_of(const std::string& library, const std::string& section) {
  return "plugins:\n  - name: conversations\n    library: " + library + "\n    config:\n" + section;
}
const std::string usual_section = "      dsn: { env: HWLAB_CHECK_URL }\n";

TEST(PluginCheck, OurPluginPassesAllCases) {
  const Database database;
  ::setenv("HWLAB_CHECK_URL", database.dsn().c_str(), 1);
  const CheckProgram program(file_of(HWLAB_PLUGIN, usual_section));
  const auto ended = program.run({HWLAB_PLUGIN});
  EXPECT_THAT(ended.failed(), IsEmpty()) << ended.text;
  if (!check::is_sanitized) {  // which lets no allocation fail
    EXPECT_THAT(ended.with("not run"), IsEmpty());
  }
  EXPECT_THAT(ended.text, EndsWith(" passed, 0 failed\n"));
  EXPECT_EQ(ended.code, 0);
}

TEST(PluginCheck, ItRunsTheCasesThatAreNamed) {
  const Database database;
  ::setenv("HWLAB_OTHER_URL", database.dsn().c_str(), 1);
  const CheckProgram program(file_of(HWLAB_PLUGIN, "      dsn: { env: HWLAB_OTHER_URL }\n"));
  const auto ended = program.run(
      {HWLAB_PLUGIN, "--case stalled_at_query --case symbols --seed 7 --dsn-env HWLAB_OTHER_URL"});
  EXPECT_EQ(ended.code, 0) << ended.text;
  EXPECT_THAT(ended.text, HasSubstr("seed 7\n"));
  EXPECT_THAT(ended.with("passed"), testing::ElementsAre("stalled_at_query", "symbols"));
}

TEST(PluginCheck, MistakesOfItsCallerHaveCodesOfTheirOwn) {
  const CheckProgram program(file_of(HWLAB_PLUGIN, usual_section));
  EXPECT_EQ(program.run({"/nowhere.so"}).code, 64);
  EXPECT_EQ(program.run({HWLAB_PLUGIN, "--case nonsense"}).code, 64);
  EXPECT_EQ(program.run({HWLAB_PLUGIN, "--nonsense"}).code, 64);
  ::unsetenv("HWLAB_CHECK_URL");
  EXPECT_EQ(program.run({HWLAB_PLUGIN}).code, 78);
  ::setenv("HWLAB_CHECK_URL", "host=192.0.2.1 dbname=x", 1);
  const auto remote = program.run({HWLAB_PLUGIN});
  EXPECT_EQ(remote.code, 78);
  EXPECT_THAT(remote.text, HasSubstr("one server on this machine"));
  const CheckProgram no_variable(file_of(HWLAB_PLUGIN, "      dsn: { file: /nowhere }\n"));
  const auto unnamed = no_variable.run({HWLAB_PLUGIN});
  EXPECT_EQ(unnamed.code, 78);
  EXPECT_THAT(unnamed.text, HasSubstr("--dsn-env"));
  EXPECT_EQ(CheckProgram("plugins: [").run({HWLAB_PLUGIN}).code, 78);
}

TEST(PluginCheck, ThePageNamesEveryCase) {
  std::ifstream file(HWLAB_SOURCE_DIR "/docs/conformance.md");
  std::set<std::string> on_page;
  const std::regex row("^\\| `([a-z_0-9]+)` \\|.*");
  std::smatch found;
  for (std::string line; std::getline(file, line);)
    if (std::regex_match(line, found, row))
      on_page.insert(found[1]);
  std::set<std::string> listed;
  FILE* const pipe = ::popen(HWLAB_PLUGIN_CHECK " --list", "r");
  std::array<char, 1000> line{};
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    const std::string name(line.data());
    if (!name.starts_with(' '))
      listed.insert(name.substr(0, name.size() - 1));
  }
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_FALSE(listed.empty());
  EXPECT_EQ(on_page, listed);
}

}  // namespace
}  // namespace hwlab::test
