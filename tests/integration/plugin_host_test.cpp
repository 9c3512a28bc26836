// Does hwlab-host keep a real conversation in a real database, and end with the right code?
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/host_program.h"

namespace hwlab::test {
namespace {

TEST_F(HostProgram, KeepsAConversation) {
  const std::string c = new_conversation();
  ASSERT_EQ(c.size(), 36U);
  const auto first = run("add " + c + " user 'hello'");
  EXPECT_EQ(first.code, 0);
  EXPECT_EQ(first.out.substr(36), " 1\n");
  EXPECT_EQ(run("add " + c + " assistant - <<'END'\nline one\nline two\nEND\n").out.substr(36),
            " 2\n");
  const auto thread = nlohmann::json::parse(run("show " + c + " --json").out);
  EXPECT_EQ(thread["id"], c);
  EXPECT_EQ(thread["model"], "llama3");
  ASSERT_EQ(thread["messages"].size(), 2U);
  EXPECT_EQ(thread["messages"][0]["seq"], 1);
  EXPECT_EQ(thread["messages"][0]["role"], "user");
  EXPECT_EQ(thread["messages"][1]["content"], "line one\nline two\n");

  const std::string second = new_conversation();
  const auto list = nlohmann::json::parse(run("list --json").out);
  ASSERT_EQ(list["conversations"].size(), 2U);
  EXPECT_EQ(list["conversations"][0]["id"], second);
  EXPECT_EQ(list["conversations"][0]["message_count"], 0);
  EXPECT_TRUE(list["conversations"][0]["last_message_at"].is_null());
  EXPECT_EQ(list["conversations"][1]["message_count"], 2);
  EXPECT_TRUE(list["next_cursor"].is_null());
}

TEST_F(HostProgram, TakesSixteenMebibytesByteForByte) {
  const std::string c = new_conversation();
  std::string text;
  while (text.size() < (16U << 20) - 64)
    text += "it's \"quoted\" \\ \U0001F9EA %_ \u00e4\r\n";
  std::ofstream(folder_ / "large", std::ios::binary) << text;
  // More than the default of 10 s: other tests may keep the machine busy.
  ASSERT_EQ(run("--timeout 60s add " + c + " user - < " + (folder_ / "large").string()).code, 0);
  const auto thread = nlohmann::json::parse(run("--timeout 60s show " + c + " --json").out);
  EXPECT_TRUE(thread.at("messages").at(0).at("content").get<std::string>() == text);
}

TEST_F(HostProgram, EndsWithTheCodeOfWhatWentWrong) {
  const std::string c = new_conversation();
  const std::string id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  EXPECT_EQ(run("add " + c + " root x").code, 65);
  EXPECT_EQ(run("add " + c + " user - < /dev/zero").code, 65) << "too long, and full of U+0000";
  EXPECT_EQ(run("add " + c + " user \"$(printf '\\377')\"").code, 65);
  std::ofstream(folder_ / "nul", std::ios::binary) << std::string("a\0b", 3);
  EXPECT_EQ(run("add " + c + " user - < " + (folder_ / "nul").string()).code, 65);
  EXPECT_EQ(run("add not-a-uuid user x").code, 65);
  EXPECT_EQ(run("show " + id).code, 66);
  EXPECT_EQ(run("add " + id + " user x").code, 66);
  EXPECT_EQ(run("add " + c + " user x --id " + id).code, 0);
  const auto again = run("add " + c + " user x --id " + id);
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, id + " 1\n");
  EXPECT_NE(again.err.find("already"), std::string::npos) << again.err;
  EXPECT_EQ(run("add " + c + " user y --id " + id).code, 73);
  EXPECT_EQ(run("list --limit 101").code, 64);
  EXPECT_EQ(database_.value("select count(*) from messages"), "1");
}

TEST_F(HostProgram, IsUnavailableWithoutAServer) {
  const std::string c = new_conversation();
  const Environment url("HWLAB_TEST_URL", "host=/nonexistent dbname=x user=y");
  EXPECT_EQ(run("list").code, 69);
  write_config("      startup: lazy\n      call_timeout: 300ms\n");
  EXPECT_EQ(run("list").code, 69);
  EXPECT_EQ(run("add " + c + " user x --timeout 200ms").code, 69);
}

TEST_F(HostProgram, RefusesARejectedLoginAndAnUnknownDatabase) {
  const Environment url("HWLAB_TEST_URL", database_.dsn() + " user=hwlab_no_such_role");
  EXPECT_EQ(run("list").code, 77);
  const Environment database("HWLAB_TEST_URL", database_.dsn() + " dbname=hwlab_no_such_database");
  EXPECT_EQ(run("list").code, 78);
}

struct Mistake {
  const char* what;
  const char* text;      // the sixth line of the file and those after it
  const char* expected;  // behind the file's name
};

class ConfigurationMistake : public HostProgram, public testing::WithParamInterface<Mistake> {};

TEST_P(ConfigurationMistake, Is78WithFileLineAndKey) {
  std::ofstream(folder_ / "hwlab.yaml")
      << "plugins:\n  - name: conversations\n    library: " HWLAB_PLUGIN
         "\n    enabled: true\n    config:\n"
      << GetParam().text;
  for (const char* const command : {"check", "list", "migrate"}) {
    const auto ended = run(command);
    EXPECT_EQ(ended.code, 78) << command;
    EXPECT_NE(ended.err.find((folder_ / "hwlab.yaml").string() + GetParam().expected),
              std::string::npos)
        << command << ": " << ended.err;
  }
  EXPECT_EQ(database_.value("select to_regclass('conversations')"), "");
}

const Mistake mistakes[] = {
    {"UnknownKey", "      log_levle: info\n",
     ":6: log_levle: unknown key; did you mean log_level?"},
    {"UnknownInnerKey", "      dsn: { env: HWLAB_TEST_URL }\n      pool: { maximum: 4 }\n",
     ":7: pool"},
    {"DuplicateKey", "      call_timeout: 1s\n      call_timeout: 2s\n", ":7: call_timeout"},
    {"WrongType", "      pool:\n        max: many\n", ":7: pool.max"},
    {"BadUnit", "      call_timeout: 10 sec\n", ":6: call_timeout"},
    {"OutOfRange", "      pool: { max: 0 }\n", ":6: pool.max"},
    {"BothReferences", "      dsn: { env: A, file: /b }\n", ":6: dsn"},
    {"NoReference", "      dsn: {}\n", ":6: dsn"},
    {"LiteralDsn", "      dsn: postgresql://u:p@h/d\n", ":6: dsn"},
    {"UnsetVariable", "      startup: lazy\n      dsn: { env: HWLAB_NOT_SET }\n",
     ":7: dsn.env: HWLAB_NOT_SET is not set"},
    {"MissingFile", "      dsn: { file: /nonexistent/dsn }\n", ":6: dsn.file: /nonexistent/dsn"},
};
INSTANTIATE_TEST_SUITE_P(Mistakes, ConfigurationMistake, testing::ValuesIn(mistakes),
                         [](const auto& test) { return std::string(test.param.what); });

TEST_F(HostProgram, RepairsWhatWasChangedByHand) {
  const std::string c = new_conversation();
  run("add " + c + " user one");
  run("add " + c + " user two");
  EXPECT_EQ(run("repair").out, "1 conversations examined, 0 repaired\n");
  database_.run("update conversations set last_seq = 1, message_count = 7");
  EXPECT_EQ(run("add " + c + " user three").code, 70) << "its seq is taken";
  EXPECT_EQ(nlohmann::json::parse(run("repair --json").out),
            nlohmann::json({{"examined", 1}, {"repaired", 1}}));
  EXPECT_EQ(run("add " + c + " user three").out.substr(36), " 3\n");
  EXPECT_EQ(database_.value("select message_count from conversations"), "3");
}

TEST_F(HostProgram, ChecksWithoutMigrating) {
  EXPECT_EQ(run("check").code, 0);
  EXPECT_EQ(database_.value("select to_regclass('conversations')"), "");
  write_config("      schema: { migrate: verify }\n");
  EXPECT_EQ(run("check").code, 78);
  EXPECT_EQ(run("list").code, 78);
  EXPECT_EQ(run("migrate").code, 0);
  EXPECT_EQ(run("check").code, 0);
  EXPECT_EQ(run("list").code, 0);
}

}  // namespace
}  // namespace hwlab::test
