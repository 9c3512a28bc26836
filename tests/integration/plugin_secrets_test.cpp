// Does a password stay where it belongs, whatever goes wrong?
#include <filesystem>
#include <fstream>

#include "tests/support/fake_server.h"
#include "tests/support/host_program.h"

namespace hwlab::test {
namespace {

namespace fs = std::filesystem;

const std::string canary = "Canary-4711/&x";
const std::string canary_in_uri = "Canary-4711%2F%26x";

class Secrets : public HostProgram {
 protected:
  // Runs every command of an operator, and fails the test when the password stands in any output.
  void expect_silence(const std::string& what, int code) {
    write_config(
        "      log_level: trace\n      call_timeout: 300ms\n      pool: { connect_timeout: "
        "300ms }\n");
    run_all(what, code);
    write_config(
        "      log_level: trace\n      call_timeout: 300ms\n      startup: lazy\n      pool: "
        "{ connect_timeout: 300ms }\n");
    run_all(what + ", lazy", code);
  }

 private:
  void run_all(const std::string& what, int code) {
    for (const char* const command : {"check", "check --json", "migrate", "new", "list --json",
                                      "add 6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55 user x"}) {
      const auto ended = run(command);
      EXPECT_EQ(ended.code, code) << what << ": " << command << "\n" << ended.err;
      for (const std::string& text : {ended.out, ended.err})
        for (const std::string& secret : {canary, canary_in_uri, canary.substr(0, 11)})
          EXPECT_EQ(text.find(secret), std::string::npos) << what << ": " << command << "\n"
                                                          << text;
    }
  }
};

TEST_F(Secrets, StayWithinWhenTheServerIsAbsent) {
  const Environment url("HWLAB_TEST_URL", "host=/nonexistent dbname=x user=y password=" + canary);
  expect_silence("absent", 69);
}

TEST_F(Secrets, StayWithinWhenTheServerRepeatsThem) {
  const RefusingServer server("28P01", "password \"" + canary + "\" is not the one of user y");
  const Environment url("HWLAB_TEST_URL", "postgresql://y:" + canary_in_uri +
                                              "@127.0.0.1:" + server.port() + "/x?sslmode=disable");
  expect_silence("login refused", 77);
}

TEST_F(Secrets, StayWithinWhenTheServerHasNoTls) {
  const RefusingServer server("28000", "no entry for " + canary);
  const Environment url("HWLAB_TEST_URL",
                        "host=127.0.0.1 port=" + server.port() +
                            " dbname=x user=y sslmode=require password=" + canary);
  expect_silence("no TLS", 69);
}

TEST_F(Secrets, StayWithinWhenTheDsnIsMalformed) {
  for (const std::string& dsn :
       {"host=x password='" + canary, "host=x password = " + canary + " " + canary,
        "postgresql://y:" + canary + "@127.0.0.1/x", "postgresql://y:%" + canary + "@127.0.0.1/x",
        "postgresql://y:" + canary_in_uri + "@127.0.0.1:port/x", canary, "host=x port=" + canary,
        "host=x sslmode=" + canary, "postgresql://y@127.0.0.1/x?passwrd=" + canary_in_uri}) {
    const Environment url("HWLAB_TEST_URL", dsn);
    expect_silence("malformed", 78);
    const auto error = run("check").err;
    EXPECT_NE(error.find((folder_ / "hwlab.yaml").string() + ":6: dsn.env: HWLAB_TEST_URL"),
              std::string::npos)
        << error;
  }
}

TEST_F(Secrets, StayWithinWhenTheFileIsWrong) {
  const Environment url("HWLAB_TEST_URL", "");
  const auto file = folder_ / "dsn";
  std::ofstream(file) << "host=/nonexistent password=" << canary << "\n";
  fs::permissions(file, fs::perms(0666));
  std::ofstream(folder_ / "hwlab.yaml")
      << "plugins:\n  - name: conversations\n    library: " HWLAB_PLUGIN
         "\n    config:\n      dsn: { file: "
      << file.string() << " }\n";
  auto ended = run("check");
  EXPECT_EQ(ended.code, 78);
  EXPECT_NE(ended.err.find("chmod go-w"), std::string::npos) << ended.err;
  EXPECT_EQ(ended.err.find(canary), std::string::npos);

  fs::permissions(file, fs::perms(0644));
  ended = run("check");
  EXPECT_EQ(ended.code, 69);
  EXPECT_NE(ended.err.find("chmod"), std::string::npos) << "readable by others is a warning";
  EXPECT_EQ((ended.out + ended.err).find(canary), std::string::npos);
}

TEST_F(Secrets, StayWithinWhenEverythingWorks) {
  const Environment url("HWLAB_TEST_URL", database_.dsn() + " password=" + canary);
  write_config("      log_level: trace\n");
  for (const char* const command : {"check", "check --json", "new", "list", "list --json"}) {
    const auto ended = run(command);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ((ended.out + ended.err).find(canary), std::string::npos) << ended.out << ended.err;
  }
}

TEST_F(Secrets, OfAFileAreReadAgainForEachConnection) {
  const auto file = folder_ / "dsn";
  const auto write = [&](const std::string& dsn) {
    std::ofstream(file) << dsn << "\n";
    fs::permissions(file, fs::perms(0600));
  };
  write("host=/nonexistent dbname=x user=y");
  auto plugin = host::Plugin::open(HWLAB_PLUGIN);
  plugin.load({.name = "t",
               .config = "dsn: { file: " + file.string() + " }\nstartup: lazy",
               .config_origin = "t.yaml:1",
               .log = {}});
  const auto store = plugin.conversation_store();
  EXPECT_EQ(host_error_of([&] {
              (void)store.list_conversations({}, {std::chrono::milliseconds(100)});
            }).status(),
            HWLAB_UNAVAILABLE);
  write(database_.dsn());
  EXPECT_TRUE(store.list_conversations({}, {std::chrono::seconds(20)}).conversations().empty());
}

}  // namespace
}  // namespace hwlab::test
