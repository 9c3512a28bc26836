// Do hosts and plugins of different versions of the contract work together without being compiled
// again? Each pair that can meet, and the loader for C++ with plugins of every version.
#include <algorithm>
#include <array>
#include <sstream>

#include "tests/support/host_program.h"

namespace hwlab::test {
namespace {

// "current", "grown" and every frozen version.
std::vector<std::string> versions() {
  std::vector<std::string> found;
  std::istringstream list(VERSIONS);
  for (std::string version; std::getline(list, version, ',');)
    found.push_back(version);
  return found;
}

struct Candidate {
  std::string name;
  std::string library;
  std::string config;
  bool grown;
};

void PrintTo(const Candidate& candidate, std::ostream* out) {
  *out << candidate.name;
}

std::vector<Candidate> plugins() {
  const std::string config = "dsn: { env: HWLAB_TEST_URL }\n";
  std::vector<Candidate> found = {
      {.name = "conversations", .library = HWLAB_PLUGIN, .config = config, .grown = false},
      {.name = "conversations_of_grown",
       .library = PLUGIN_OF_GROWN,
       .config = config,
       .grown = true}};
  for (const auto& version : versions())
    found.push_back({.name = "memory_plugin_of_" + version,
                     .library = LIBRARIES "/memory_plugin_of_" + version + ".so",
                     .config = "",
                     .grown = version == "grown"});
  return found;
}

std::string as_test_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

using Pair = std::tuple<std::string, Candidate>;

class HostAndPlugin : public PluginTest, public testing::WithParamInterface<Pair> {};

TEST_P(HostAndPlugin, WorkTogetherWithoutBeingCompiledAgain) {
  const auto& [host, plugin] = GetParam();
  const std::string command = PROGRAMS "/host_of_" + host + " " + plugin.library + " '" +
                              plugin.config + "' " + (plugin.grown ? "known" : "unknown") + " 2>&1";
  std::string said;
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    said.append(buffer.data(), got);
  EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 0) << command << "\n" << said;
  EXPECT_NE(said.find("0 failures, "), std::string::npos) << said;
  if (!plugin.config.empty()) {
    EXPECT_EQ(database_.value("select count(*) from messages"), "3");
  }
}

INSTANTIATE_TEST_SUITE_P(All, HostAndPlugin,
                         testing::Combine(testing::ValuesIn(versions()),
                                          testing::ValuesIn(plugins())),
                         [](const auto& test) {
                           return as_test_name("HostOf_" + std::get<0>(test.param) + "_with_" +
                                               std::get<1>(test.param).name);
                         });

class AnyPlugin : public HostProgram, public testing::WithParamInterface<Candidate> {};

TEST_P(AnyPlugin, WorksUnderTheLoaderForCpp) {
  auto plugin = host::Plugin::open(GetParam().library);
  plugin.load({.name = "frozen_test",
               .config = GetParam().config,
               .config_origin = "test.yaml:1",
               .log = [this](host::LogLevel, std::string_view line) { log_.add(line); }});
  const auto store = plugin.conversation_store();
  const auto id = store.create_conversation({.model = "llama3"}).id;
  EXPECT_EQ(store.add_message({.conversation_id = id, .message = {{}, "user", "one"}}).seq, 1);
  const auto added = store.append_messages(
      {.conversation_id = id, .messages = {{{}, "assistant", "two"}, {{}, "user", "three"}}});
  ASSERT_EQ(added.messages.size(), 2U);
  EXPECT_EQ(added.messages[1].seq, 3);
  const auto thread = store.get_conversation({.id = id});
  ASSERT_EQ(thread.messages().size(), 3U);
  EXPECT_EQ(thread.conversation().last_seq, 3);
  EXPECT_EQ(store.list_conversations().conversations().size(), 1U);
  EXPECT_GT(plugin.maintenance().migrate().schema_version, 0);
  EXPECT_NE(plugin.maintenance().report().worst, host::CheckLevel::failed);
  EXPECT_EQ(plugin.maintenance().repair().repaired, 0);
  const auto refused =
      host_error_of([&] { (void)store.get_conversation({.id = thread.messages()[0].id}); });
  EXPECT_EQ(refused.status(), HWLAB_NOT_FOUND);
  plugin.unload();
  EXPECT_EQ(thread.messages()[1].content, "two");
  EXPECT_NE(log_.text(), "");
}

TEST_P(AnyPlugin, WorksUnderHwlabHost) {
  std::ofstream(folder_ / "hwlab.yaml")
      << "plugins:\n  - name: any\n    library: " << GetParam().library
      << "\n    enabled: true\n    config: { "
      << (GetParam().config.empty() ? "" : "dsn: { env: HWLAB_TEST_URL }") << " }\n";
  EXPECT_EQ(run("check").code, 0);
  const auto made = run("new --model llama3");
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out.size(), 37U) << made.out;
  EXPECT_EQ(run("list").code, 0);
}

INSTANTIATE_TEST_SUITE_P(All, AnyPlugin, testing::ValuesIn(plugins()),
                         [](const auto& test) { return as_test_name(test.param.name); });

}  // namespace
}  // namespace hwlab::test
