// The minimal hosts of examples/hosts, as their users run them: they load the plugin by the same
// file and print the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "tests/support/database.h"
#include "tests/support/environment.h"

namespace hwlab::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Host {
  std::string name;
  std::string command;
  bool tells_lines = false;  // hands the section's source to the plugin, so errors name its lines
};

void PrintTo(const Host& host, std::ostream* out) {
  *out << host.name;
}

const std::string python = "/usr/bin/python3 -B " HWLAB_SOURCE_DIR;

class HostsTest : public testing::Test {
 protected:
  HostsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "hwlab-hosts-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(folder_ / "etc");
  }
  ~HostsTest() override { std::filesystem::remove_all(folder_); }

  // A daemon's file with a plugin that is not enabled, keys of the daemon, and a folder of plugins
  // relative to the file. Returns its path.
  std::string write_config(const std::string& section, const std::string& plugin = HWLAB_PLUGIN) {
    const std::filesystem::path library = plugin;
    std::filesystem::remove(folder_ / "plugins");
    std::filesystem::create_directory_symlink(library.parent_path(), folder_ / "plugins");
    const auto file = folder_ / "etc" / "hwlab.yaml";
    std::ofstream(file) << "listen: '[::1]:8080'  # grüße\nplugin_dir: ../plugins\nplugins:\n"
                           "  - { name: weather, library: weather.so, enabled: false }\n"
                           "  - name: conversations\n    library: "
                        << library.filename().string() << "\n    config:\n"
                        << section << "  - { name: later, library: later.so, enabled: true }\n";
    return file;
  }

  struct Ended {
    int code;
    std::string out;
    std::string err;
  };
  Ended run(const std::string& command) const {
    const std::string errors = folder_ / "stderr";
    Ended ended{.code = -1, .out = {}, .err = {}};
    FILE* const pipe = ::popen(("cd / && " + command + " 2>" + errors).c_str(), "r");
    std::array<char, 65536> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
      ended.out.append(buffer.data(), got);
    const int status = ::pclose(pipe);
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    std::ifstream file(errors);
    ended.err.assign(std::istreambuf_iterator<char>(file), {});
    return ended;
  }

  std::filesystem::path folder_;
};

class Hosts : public HostsTest, public testing::WithParamInterface<Host> {
 protected:
  Ended run_host(const std::string& config) const { return run(GetParam().command + " " + config); }

  Database database_;
  Environment url_{"HWLAB_TEST_URL", database_.dsn()};
};

INSTANTIATE_TEST_SUITE_P(Of, Hosts,
                         testing::Values(Host{"C", HWLAB_HOST_C, true}, Host{"Cpp", HWLAB_HOST_CPP},
                                         Host{"Go", HWLAB_HOST_GO},
                                         Host{"Python", python + "/examples/hosts/python/host.py"}),
                         [](const auto& of) { return of.param.name; });

TEST_P(Hosts, KeepAConversation) {
  const auto ended =
      run_host(write_config("      # found there\n      dsn: { env: HWLAB_TEST_URL }\n"
                            "      schema: { migrate: auto }\n      log_level: warn\n"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  // By a deadline as short as this, the message may not even have been sent.
  const std::regex expected(
      "conversation ([0-9a-f-]{36})\n"
      "1 user: Is the pool still fine\\?\n"
      "2 assistant: Yes: both disks are online 🙂\n"
      "listed with 2 messages\n"
      "an unknown conversation is NOT_FOUND\n"
      "4 MB in a millisecond end with (TIMEOUT|UNAVAILABLE)\n"
      "repeated, it is seq 3\n"
      "unloaded\n");
  std::smatch match;
  ASSERT_TRUE(std::regex_match(ended.out, match, expected)) << ended.out;
  EXPECT_EQ(database_.value("select string_agg(seq || ' ' || role || ' ' || length(content), ',' "
                            "order by seq) from messages where conversation_id = '" +
                            match[1].str() + "'"),
            "1 user 23,2 assistant 28,3 user 4000000");
}

TEST_P(Hosts, SayWhatThePluginRefusesInItsSection) {
  const auto config = write_config("      dsn: { env: HWLAB_TEST_URL }\n      pool: { most: 4 }\n");
  const auto ended = run_host(config);
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, StartsWith("CONFIG: " + config));
  EXPECT_THAT(ended.err, HasSubstr("pool.most"));
  if (GetParam().tells_lines) {
    EXPECT_THAT(ended.err, HasSubstr(config + ":9"));
  }
}

TEST_P(Hosts, SayThatALibraryIsNoPlugin) {
  const auto ended = run_host(write_config("      mode: good\n", FAKE_PLUGIN_WRONG_MAGIC));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, StartsWith("CONFIG: "));
  EXPECT_THAT(ended.err, HasSubstr("no plugin of this family"));
}

TEST_P(Hosts, SayThatAPluginLacksAHook) {
  const auto ended = run_host(write_config("      mode: short_table\n", FAKE_PLUGIN));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("UNSUPPORTED: this plugin has no add_message"));
}

TEST_P(Hosts, ReleaseEveryResultOnce) {
  const auto ended =
      run_host(write_config("      mode: good\n      count_results: true\n", FAKE_PLUGIN));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("7 given, 7 released"));
}

TEST_P(Hosts, ReleaseTheResultBesideAnUnknownOutcome) {
  const auto ended =
      run_host(write_config("      mode: maybe_applied\n      count_results: true\n", FAKE_PLUGIN));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("TIMEOUT: no answer in time"));
  EXPECT_THAT(ended.err, HasSubstr("2 given, 2 released"));
}

TEST_P(Hosts, SayThatThereIsNoServerAndNoPassword) {
  const Environment url("HWLAB_TEST_URL",
                        "host=" + folder_.string() + " user=hwlab password=geheim");
  const auto ended = run_host(write_config("      dsn: { env: HWLAB_TEST_URL }\n"));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("UNAVAILABLE: "));
  EXPECT_THAT(ended.err, Not(HasSubstr("geheim")));
}

TEST_P(Hosts, EndWithTheTimeoutOfACallThatTheServerDoesNotAnswer) {
  const auto config = write_config(
      "      dsn: { env: HWLAB_TEST_URL }\n      call_timeout: 10s\n"
      "      log_level: error\n");
  ASSERT_EQ(run_host(config).code, 0);
  write_config("      dsn: { env: HWLAB_TEST_URL }\n      call_timeout: 2s\n");
  pqxx::connection other(database_.dsn());
  pqxx::work lock(other);
  lock.exec("lock table messages in access exclusive mode");
  const auto ended = run_host(config);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("TIMEOUT: "));
  EXPECT_THAT(ended.out, Not(HasSubstr("listed")));
}

// ---- many at once ----

class Many : public HostsTest {
 protected:
  // The answers are checked by the program; that they are stored, here.
  void expect_all_stored(const std::string& program, int count, int messages_of_each) {
    const auto ended = run(program +
                           " " HWLAB_PLUGIN
                           " 'dsn: { env: HWLAB_TEST_URL }\ncall_timeout: 100s\n"
                           "log_level: warn' " +
                           std::to_string(count));
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.err, "");
    EXPECT_EQ(ended.out, std::to_string(count) + " at once, 0 failed, 0 overloaded\n");
    EXPECT_EQ(database_.value("select count(*) from conversations where message_count = " +
                              std::to_string(messages_of_each)),
              std::to_string(count));
    EXPECT_EQ(database_.value("select count(*) from messages"),
              std::to_string(count * messages_of_each));
  }

  Database database_;
  Environment url_{"HWLAB_TEST_URL", database_.dsn()};
};

TEST_F(Many, AThousandGoroutinesEachReadWhatTheyWrote) {
  expect_all_stored(HWLAB_MANY_GO, 1000, 3);
}

TEST_F(Many, SixtyFourPythonThreadsEachReadWhatTheyWrote) {
  expect_all_stored(python + "/tests/hosts/many.py", 64, 10);
}

TEST_F(HostsTest, ThePythonStructsAreThoseOfTheHeaders) {
  const auto ended = run(python + "/tests/hosts/python_layout.py " HWLAB_C_COMPILER
                                  " " HWLAB_SOURCE_DIR "/host-api/include");
  EXPECT_EQ(ended.code, 0) << ended.err;
}

}  // namespace
}  // namespace hwlab::test
