// Does hwlab-plugin-check find what is broken, and nothing else?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "tests/conformance/broken/byte_server.h"
#include "tests/conformance/check_program.h"

namespace hwlab::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using Names = std::set<std::string>;

std::string section(const std::string& library, const std::string& config) {
  return "plugins:\n  - name: in-memory\n    library: " + library + "\n" + config;
}

struct Broken {
  const char* name;   // of the library, behind broken_
  const char* meant;  // the case that must fail, and no other
  const char* says;   // what it says
};

std::ostream& operator<<(std::ostream& out, const Broken& broken) {
  return out << broken.name;
}

class BrokenPlugin : public testing::TestWithParam<Broken> {};

CheckProgram::Ended check(const std::string& name, const std::string& arguments = {}) {
  const broken::ByteServer server;
  ::setenv("HWLAB_BYTE_SERVER", server.dsn().c_str(), 1);
  const std::string library = BROKEN_FOLDER "/broken_" + name + ".so";
  const CheckProgram program(
      section(library, "    config:\n      dsn: { env: HWLAB_BYTE_SERVER }\n"));
  return program.run({library, arguments});
}

TEST_P(BrokenPlugin, IsCaughtByTheCaseMeantForIt) {
  const auto ended = check(GetParam().name);
  EXPECT_EQ(ended.failed(), Names{GetParam().meant}) << ended.text;
  EXPECT_THAT(ended.text, HasSubstr(GetParam().says));
  EXPECT_THAT(ended.text, EndsWith(" passed, 1 failed\n"));
  EXPECT_EQ(ended.code, 1);
}

TEST(PluginThatKeepsAllPromises, PassesAllCases) {
  const auto ended = check("in_nothing");
  EXPECT_THAT(ended.failed(), IsEmpty()) << ended.text;
  EXPECT_THAT(ended.with("not run"), IsEmpty());
  EXPECT_THAT(ended.text, EndsWith(" passed, 0 failed\n"));
  EXPECT_EQ(ended.code, 0);
}

TEST(HangingPlugin, IsEndedAfterATime) {
  const auto ended = check("every_timeout", "--case stalled_at_query --case symbols");
  EXPECT_EQ(ended.failed(), Names{"stalled_at_query"}) << ended.text;
  EXPECT_THAT(ended.text, HasSubstr("it hangs"));
}

TEST(PluginWithoutAServer, IsNotStalled) {
  const std::string library = BROKEN_FOLDER "/broken_in_nothing.so";
  const CheckProgram program(section(library, ""));
  const auto ended = program.run({library, "--no-server"});
  EXPECT_EQ(ended.code, 0) << ended.text;
  EXPECT_EQ(ended.with("left out").count("stalled_at_query"), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenPlugin,
    testing::Values(Broken{"magic", "descriptor", "the magic number is wrong"},
                    Broken{"major", "symbols", "does not export hwlab_plugin_v1"},
                    Broken{"exports", "symbols", "a_symbol_too_many"},
                    Broken{"table", "table", "the table of hooks has"},
                    Broken{"throws", "limits", "an exception left the plugin"},
                    Broken{"unknown_in_requests", "request_sizes", "expected TOO_NEW, got OK"},
                    Broken{"unknown_in_messages", "message_sizes", "expected TOO_NEW, got OK"},
                    Broken{"unknown_in_calls", "call_sizes", "expected TOO_NEW, got OK"},
                    Broken{"results", "result_sizes", "wrote beyond a result of"},
                    Broken{"errors", "error_sizes", "wrote beyond an error of"},
                    Broken{"borrowed", "borrowed_text", "signal 11"},
                    Broken{"kept_results", "results_are_freed", "more in memory"},
                    Broken{"failed_load", "refused_registration", "after a load whose hooks"},
                    Broken{"memory", "load_cycles", "more in memory"},
                    Broken{"threads", "load_cycles", "threads and"},
                    Broken{"descriptors", "load_cycles", "descriptors; before"},
                    Broken{"lock", "log_under_lock", "must hold no lock"},
                    Broken{"timeout", "stalled_at_reply",
                           "expected TIMEOUT or UNAVAILABLE, got OK"},
                    Broken{"unload", "unload_while_stalled", "unload with a grace of 3000 ms"},
                    Broken{"secret", "no_secrets", "the password stands in an error of load"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace hwlab::test
