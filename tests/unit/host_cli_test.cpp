// Does the program hwlab-host print, and exit, as its users' scripts rely on? With the fake plugin.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "../support/fake_plugin.h"
#include "host_support.h"

namespace hwlab::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Cli : public testing::Test {
 protected:
  Cli() { configure(""); }

  void configure(const std::string& mode) {
    write_file(config_, "plugins:\n  - name: fake\n    library: " FAKE_PLUGIN
                        "\n    config:\n      mode: " +
                            mode + "\n");
  }

  // With --config in front.
  Outcome run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--config", config_.string()});
    return run_bare(std::move(arguments), input);
  }

  Outcome run_bare(std::vector<std::string> arguments, const std::string& input = "") {
    write_file(folder_.path() / "in", input);
    arguments.insert(arguments.begin(), HWLAB_HOST);
    const auto child = ::fork();
    if (child == 0) {
      become(arguments);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder_.path() / "out"),
            read_file(folder_.path() / "err")};
  }

 private:
  [[noreturn]] void become(std::vector<std::string>& arguments) const {
    std::vector<char*> pointers;
    for (auto& argument : arguments) {
      pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    const auto create = O_WRONLY | O_CREAT | O_TRUNC;
    ::dup2(::open((folder_.path() / "in").c_str(), O_RDONLY), 0);
    ::dup2(::open(stdout_.c_str(), create, 0600), 1);
    ::dup2(::open((folder_.path() / "err").c_str(), create, 0600), 2);
    ::execv(HWLAB_HOST, pointers.data());
    ::_exit(127);
  }

 protected:
  TemporaryFolder folder_;
  std::filesystem::path config_ = folder_.path() / "hwlab.yaml";
  std::filesystem::path stdout_ = folder_.path() / "out";
};

TEST_F(Cli, NewPrintsTheIdAndNothingElse) {
  const auto done = run({"new", "--model", "llama3"});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.out, "33333333-3333-4333-8333-333333333333\n");
  EXPECT_EQ(json::parse(run({"new", "--json"}).out),
            json({{"id", "33333333-3333-4333-8333-333333333333"},
                  {"started_at", "1970-01-01T00:00:01.000001Z"}}));
}

TEST_F(Cli, TheLogOfThePluginGoesToStderrOneLineEach) {
  const auto done = run({"new"});
  EXPECT_THAT(done.err, HasSubstr("info: loaded with " + config_.string() + ":5\n"));
}

TEST_F(Cli, AddPrintsIdAndSeq) {
  const auto done = run({"add", canned_conversation, "user", "hi"});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.out, "44444444-4444-4444-8444-444444444444 2\n");
  EXPECT_EQ(json::parse(run({"--json", "add", canned_conversation, "user", "hi"}).out),
            json({{"id", "44444444-4444-4444-8444-444444444444"},
                  {"seq", 2},
                  {"created_at", "1970-01-01T00:00:02.000002Z"}}));
}

// The fake answers CONFLICT unless the content is, byte for byte, that of its canned message.
TEST_F(Cli, AddTakesTheTextOfStdinByteForByte) {
  const auto add = [&](const std::string& input) {
    return run({"add", canned_conversation, "user", "-", "--id", canned_message}, input).code;
  };
  EXPECT_EQ(add("hello"), 0);
  EXPECT_EQ(add("hello\n"), 73);
  EXPECT_EQ(add(std::string("hello\0", 6)), 73);
}

TEST_F(Cli, ARepeatedAddPrintsTheSameAndSaysSo) {
  const auto done = run({"add", canned_conversation, "user", "hello", "--id", canned_message});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.out, std::string(canned_message) + " 1\n");
  EXPECT_THAT(done.err, HasSubstr("already stored, nothing changed\n"));
  const auto as_json =
      run({"add", canned_conversation, "user", "hello", "--id", canned_message, "--json"});
  EXPECT_EQ(json::parse(as_json.out).at("existed"), true);
}

TEST_F(Cli, AddTakesTextsThatLookLikeSomethingElse) {
  for (const auto* text : {"list", "new", "[a,b]", "{}", "\"quoted\"", "", "%%", "a b"}) {
    EXPECT_EQ(run({"add", canned_conversation, "user", text}).code, 0) << text;
  }
  for (const auto* text : {"-5", "--json", "++"}) {
    EXPECT_EQ(run({"add", canned_conversation, "user", "--", text}).code, 0) << text;
  }
}

TEST_F(Cli, AddTakesSpecialTextsUnchanged) {
  configure("show_content");
  for (const std::string text : {"list", "[a,b]", "[]", "{}", "\"quoted\"", "'q'", "", "%%"}) {
    const auto done = run({"add", canned_conversation, "user", text});
    EXPECT_THAT(done.err, HasSubstr("info: content=" + text + ";\n"));
  }
}

TEST_F(Cli, FailuresEndWithTheCodeOfTheirStatusAndASentence) {
  EXPECT_EQ(run({"add", canned_conversation, "root", "x"}).code, 65);
  const auto missing = run({"show", "nowhere"});
  EXPECT_EQ(missing.code, 66);
  EXPECT_EQ(missing.out, "");
  EXPECT_THAT(missing.err, HasSubstr("hwlab-host: no such conversation\n"));
  EXPECT_EQ(run({"add", canned_conversation, "user", "x", "--expected-seq", "0"}).code, 73);
  configure("refused");
  const auto refused = run({"list"});
  EXPECT_EQ(refused.code, 69);
  EXPECT_THAT(refused.err, HasSubstr("the server is starting (SQLSTATE 23514)\n"));
}

TEST_F(Cli, AnUnknownOutcomeIsPrintedWithTheIdToRepeat) {
  configure("maybe_applied");
  const auto done = run({"add", canned_conversation, "user", "x"});
  EXPECT_EQ(done.code, 75);
  EXPECT_EQ(done.out, "");
  EXPECT_THAT(done.err, HasSubstr("no answer in time\n"));
  EXPECT_THAT(done.err, HasSubstr("--id 44444444-4444-4444-8444-444444444444\n"));
}

TEST_F(Cli, TheTimeoutReachesTheCall) {
  configure("tell_timeout");
  const auto done = run({"add", canned_conversation, "user", "x", "--timeout", "1500ms"});
  EXPECT_EQ(done.code, 75);
  EXPECT_THAT(done.err, HasSubstr("hwlab-host: 1500\n"));
}

TEST_F(Cli, ShowPrintsTheThreadForPrograms) {
  const auto thread = json::parse(run({"show", canned_conversation, "--json"}).out);
  EXPECT_EQ(thread.at("id"), canned_conversation);
  EXPECT_EQ(thread.at("model"), "llama3");
  EXPECT_EQ(thread.at("started_at"), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(thread.at("metadata"), json({{"room", "lab"}}));
  EXPECT_FALSE(thread.contains("next_cursor"));
  ASSERT_EQ(thread.at("messages").size(), 1U);
  const auto& message = thread.at("messages")[0];
  EXPECT_EQ(message.at("id"), canned_message);
  EXPECT_EQ(message.at("seq"), 1);
  EXPECT_EQ(message.at("role"), "user");
  EXPECT_EQ(message.at("content"), "hello");
  EXPECT_EQ(message.at("created_at"), "1970-01-01T00:00:00.000000Z");
}

TEST_F(Cli, ShowTellsHowToGoOnWhenItWasCut) {
  EXPECT_EQ(json::parse(run({"show", canned_conversation, "--limit", "1", "--json"}).out)
                .at("next_cursor"),
            1);
  EXPECT_THAT(run({"show", canned_conversation, "--limit", "1"}).err, HasSubstr("--after 1\n"));
}

TEST_F(Cli, ShowKeepsControlCharactersFromTheTerminal) {
  configure("evil");
  const auto done = run({"show", canned_conversation});
  EXPECT_THAT(done.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(done.out, HasSubstr("bell\\x07 \\x1B]52;c;AAAA\\x07 \\xFF end\n"));
  EXPECT_THAT(run({"list"}).out, Not(HasSubstr("\x1b")));
}

TEST_F(Cli, JsonIsValidWhateverIsStored) {
  configure("evil");
  const auto done = run({"show", canned_conversation, "--json"});
  EXPECT_EQ(json::parse(done.out).at("messages")[0].at("content"),
            "bell\a \x1b]52;c;AAAA\a \uFFFD end");
}

TEST_F(Cli, ListPrintsAPage) {
  const auto page = json::parse(run({"list", "--json"}).out);
  EXPECT_EQ(page.at("next_cursor"), nullptr);
  const auto& conversation = page.at("conversations").at(0);
  EXPECT_EQ(conversation.at("id"), canned_conversation);
  EXPECT_EQ(conversation.at("message_count"), 1);
  EXPECT_EQ(conversation.at("last_message_at"), "1970-01-01T00:00:00.000005Z");
  const auto more = run({"list", "--limit", "1", "--order", "active"});
  EXPECT_THAT(more.out, HasSubstr("LAST MESSAGE"));
  EXPECT_THAT(more.err, HasSubstr("--cursor page2\n"));
}

TEST_F(Cli, WrongUsageIs64) {
  const std::vector<std::vector<std::string>> mistakes{
      {},
      {"nonsense"},
      {"list", "--limit", "0"},
      {"list", "--limit", "101"},
      {"list", "--limit", "-1"},
      {"list", "--limit", "ten"},
      {"list", "--order", "random"},
      {"list", "--order", "1"},
      {"list", "extra"},
      {"show"},
      {"show", canned_conversation, "--limit", "0"},
      {"show", canned_conversation, "--limit", "2", "--last", "2"},
      {"show", canned_conversation, "--after", "-1"},
      {"add", canned_conversation, "user"},
      {"add", canned_conversation, "user", "x", "--expected-seq", "-1"},
      {"list", "--timeout", "10"},
      {"list", "--timeout", "0s"}};
  for (const auto& arguments : mistakes) {
    const auto done = run(arguments);
    EXPECT_EQ(done.code, 64) << testing::PrintToString(arguments);
    EXPECT_NE(done.err, "");
    EXPECT_EQ(done.out, "");
  }
  EXPECT_EQ(run_bare({"list"}).code, 64) << "without --config";
}

TEST_F(Cli, HelpAndVersionNeedNoConfig) {
  for (const auto* command :
       {"check", "migrate", "new", "add", "show", "list", "schema", "repair"}) {
    const auto done = run_bare({command, "--help"});
    EXPECT_EQ(done.code, 0) << command;
    EXPECT_THAT(done.out, HasSubstr("Example:\n"));
  }
  EXPECT_THAT(run_bare({"--help"}).out, HasSubstr("Example:\n"));
  EXPECT_THAT(run_bare({"--version"}).out, testing::StartsWith("hwlab-host "));
}

TEST_F(Cli, AFullDiskIs74) {
  stdout_ = "/dev/full";
  EXPECT_EQ(run({"list"}).code, 74);
  EXPECT_EQ(run({"new", "--json"}).code, 74);
  EXPECT_EQ(run({"--help"}).code, 74);
}

TEST_F(Cli, CheckPrintsALineForEachFinding) {
  const auto done = run({"check"});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out, HasSubstr("ok       plugin: fake 1.2.3, ABI 1.0 (this host: ABI 1.0)\n"));
  EXPECT_THAT(done.out, HasSubstr("ok       config: accepted, " + config_.string() + ":5\n"));
  EXPECT_THAT(done.out, HasSubstr("warning  tls: off\n           say sslmode=require\n"));
}

TEST_F(Cli, CheckIsReadByPrograms) {
  const auto report = json::parse(run({"check", "--json"}).out);
  EXPECT_EQ(report.at("plugin"), json({{"name", "fake"}, {"version", "1.2.3"}, {"abi", "1.0"}}));
  EXPECT_EQ(report.at("host"), json({{"abi", "1.0"}}));
  EXPECT_EQ(report.at("checks").back(), json({{"name", "tls"},
                                              {"level", "warning"},
                                              {"value", "off"},
                                              {"remedy", "say sslmode=require"}}));
}

TEST_F(Cli, CheckEndsWithTheCodeOfTheFirstFailure) {
  configure("schema_pending");
  EXPECT_EQ(run({"check"}).code, 78);
  configure("unknown_level");
  EXPECT_EQ(run({"check"}).code, 77) << "rights";
}

TEST_F(Cli, CheckPrintsWhatItKnowsWhenThePluginDoesNotLoad) {
  configure("load_unavailable");
  const auto done = run({"check", "--json"});
  EXPECT_EQ(done.code, 69);
  EXPECT_EQ(
      json::parse(done.out).at("checks").back(),
      json({{"name", "load"}, {"level", "failed"}, {"value", "no server"}, {"remedy", nullptr}}));
  EXPECT_THAT(done.err, HasSubstr("hwlab-host: no server\n"));
}

TEST_F(Cli, MigratePrintsWhatWasApplied) {
  EXPECT_EQ(run({"migrate"}).out, "applied 1 base tables\nthe schema has version 1\n");
  EXPECT_EQ(json::parse(run({"migrate", "--json"}).out),
            json::parse(R"({"applied":[{"version":1,"name":"base tables"}],"schema_version":1})"));
}

TEST_F(Cli, SchemaIsPrintedWithoutLoadingThePlugin) {
  configure("load_fails");
  const auto done = run({"schema"});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.out, "{\"type\": \"object\"}\n");
  EXPECT_EQ(run({"schema", "--plugin", "other"}).code, 78);
}

TEST_F(Cli, MistakesOfTheConfigurationAre78) {
  configure("load_fails");
  EXPECT_EQ(run({"list"}).code, 78);
  configure("no_hooks");
  EXPECT_THAT(run({"list"}).err, HasSubstr("none of those enabled keeps conversations"));
  write_file(config_, "plugins:\n  - name: x\n    colour: red\n");
  const auto unknown = run({"list"});
  EXPECT_EQ(unknown.code, 78);
  EXPECT_THAT(unknown.err, HasSubstr("hwlab.yaml:3: plugins[0].colour: unknown key"));
  write_file(config_, "plugins: [{name: x, library: /none.so}]\n");
  EXPECT_EQ(run({"list"}).code, 78);
  write_file(config_, "plugins: [{name: x, library: " FAKE_PLUGIN ", enabled: false}]\n");
  const auto disabled = run({"list"});
  EXPECT_EQ(disabled.code, 78);
  EXPECT_THAT(disabled.err, HasSubstr("no plugin is enabled"));
  write_file(config_, "plugins: [{name: x, library: " FAKE_PLUGIN
                      "}, {name: y, library: " FAKE_PLUGIN "}]\n");
  EXPECT_THAT(run({"list"}).err, HasSubstr("both x and y keep conversations"));
}

}  // namespace
}  // namespace hwlab::test
