// Does a password, or what people say, turn up in anything that is written anywhere?
#include <sys/stat.h>

#include <fstream>

#include "tests/security/tls_server.h"
#include "tests/support/host_program.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

const std::string password = "Canary-4711/&x";
const std::string password_in_uri = "Canary-4711%2F%26x";
const std::string said = "Nightingale 0815";

class Canary : public HostProgram {
 protected:
  Canary() {
    // Everybody needs a password, but for the superuser by the socket.
    std::ofstream(server_.cluster().data() / "pg_hba.conf")
        << "local all postgres trust\nlocal all all scram-sha-256\nhost all all all "
           "scram-sha-256\n";
    server_.cluster().set("log_connections = on");
    server_.cluster().set("log_statement = all");
    server_.cluster().run("create role lab login superuser password '" + password + "'");
    // Not before the role is made: that statement holds the password.
    std::ofstream(server_.cluster().folder() / "log", std::ios::trunc);
    server_.cluster().reload();
    configure("");
  }

  void configure(const std::string& more) {
    write_config(
        "      log_level: trace\n      call_timeout: 2s\n      pool: { connect_timeout: 2s }\n" +
        more);
  }
  [[nodiscard]] std::string dsn(const std::string& more) const {
    return "port=" + server_.port() + " user=lab dbname=postgres " + more;
  }

  // Every command of an operator, at the log level that says most.
  void run_everything(const std::string& what, const std::string& dsn, int code) {
    const Environment url("HWLAB_TEST_URL", dsn);
    run_everything(what, code);
  }
  void run_everything(const std::string& what, int code) {
    for (const char* const command :
         {"check", "check --json", "migrate", "migrate --json", "repair", "new --json",
          "new --id 6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55", "list", "list --json",
          "add 6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55 user x",
          "show 6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55"}) {
      const Ended ended = run(command);
      EXPECT_EQ(ended.code, code) << what << ": " << command << "\n" << ended.err;
      expect_silence(ended.out + ended.err, what + ": " + command);
    }
    expect_silence(server_log(), what + ": the server's log");
  }
  [[nodiscard]] std::string server_log() const {
    std::ifstream file(server_.cluster().folder() / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void expect_silence(const std::string& text, const std::string& where) {
    for (const std::string& secret : {password, password_in_uri, password.substr(0, 11), said})
      EXPECT_EQ(text.find(secret), std::string::npos) << where << "\n" << text;
  }

  TlsServer server_;
};

TEST_F(Canary, OfAPasswordIsSilentWhenTheLoginIsRefused) {
  const std::string wrong = " password=" + password + "wrong";
  run_everything("wrong password", dsn("host=127.0.0.1" + wrong), 77);
  run_everything("no such role",
                 "postgresql://nobody:" + password_in_uri + "@127.0.0.1:" + server_.port() + "/x",
                 77);
  run_everything("no such database", dsn("host=127.0.0.1 password=" + password + " dbname=none"),
                 78);
}

TEST_F(Canary, OfAPasswordIsSilentWhenTlsFails) {
  const std::string secret = " password=" + password;
  run_everything(
      "not the certificate's name",
      dsn("host=127.0.0.1 sslmode=verify-full sslrootcert=" + server_.certificate() + secret), 69);
  run_everything("no authority",
                 dsn("host=127.0.0.1 sslmode=verify-ca sslrootcert=/nowhere" + secret), 69);
  run_everything("a passphrase of no key",
                 dsn("host=127.0.0.1 sslmode=require sslcert=" + server_.certificate() +
                     " sslkey=" + server_.certificate() + " sslpassword=" + password),
                 69);
}

TEST_F(Canary, OfAPasswordIsSilentWhenNobodyAnswers) {
  // Not lazily: repair would wait for the server.
  write_config(
      "      log_level: trace\n      call_timeout: 200ms\n      pool: { connect_timeout: 200ms "
      "}\n");
  const LoopbackListener closed;
  closed.wake();
  const std::string secret = " user=lab dbname=x password=" + password;
  run_everything("refused", "host=127.0.0.1 port=" + closed.port() + secret, 69);
  run_everything("no such socket", "host=/nonexistent" + secret, 69);
}

// libpq reads these by itself; the plugin does not know what it finds there.
TEST_F(Canary, OfAPasswordFileIsSilent) {
  const auto file = folder_ / "passwords";
  std::ofstream(file) << "*:*:*:*:" << password << "wrong\n";
  ::chmod(file.c_str(), 0600);
  run_everything("passfile", dsn("host=127.0.0.1 passfile=" + file.string()), 77);
  const auto services = folder_ / "services";
  std::ofstream(services) << "[lab]\npassword=" << password << "wrong\n[broken]\n"
                          << password << "\n";
  const Environment variable("PGSERVICEFILE", services.string());
  run_everything("service", dsn("host=127.0.0.1 service=lab"), 77);
  run_everything("broken service", dsn("host=127.0.0.1 service=broken"), 69);
}

TEST_F(Canary, OfADsnFileIsSilent) {
  const auto file = folder_ / "dsn";
  write_config("");
  std::ofstream(folder_ / "hwlab.yaml")
      << "plugins:\n  - name: conversations\n    library: " HWLAB_PLUGIN
         "\n    config:\n      log_level: trace\n      dsn: { file: "
      << file.string() << " }\n";
  const auto write = [&](const std::string& text, mode_t mode) {
    std::ofstream(file, std::ios::trunc) << text;
    ::chmod(file.c_str(), mode);
  };
  write("host=x password='" + password, 0600);
  run_everything("malformed", 78);
  write("host=x password=" + password, 0602);
  run_everything("writable", 78);
  write("host=x password=" + password + std::string(70'000, 'x'), 0600);
  run_everything("too long", 78);
  write(dsn("host=127.0.0.1 password=" + password), 0604);
  run_everything("readable and right", 0);
}

TEST_F(Canary, OfWhatIsSaidIsSilentWhateverFails) {
  const auto plugin = load("log_level: trace\nlimits: { content: 1KiB }\n");
  const auto store = plugin.conversation_store();
  const auto id = store.create_conversation({.model = said}, {20s}).id;
  const auto message = store.add_message({id, {{}, "user", said, {}, {}}, {}}, {20s}).id;
  const std::string unknown = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("lock table public.conversations in share mode");
  const auto fails = [&](hwlab_status status, const host::NewMessage& bad, const std::string& to,
                         std::optional<std::int64_t> expected = {}) {
    const host::Error error = host_error_of([&] {
      store.add_message({to, bad, expected}, {status == HWLAB_TIMEOUT ? 200ms : 20s});
    });
    EXPECT_EQ(error.status(), status) << error.what();
    expect_silence(error.what(), "an error");
  };
  fails(HWLAB_TIMEOUT, {{}, "user", said, {}, {}}, id);
  holder.abort();
  fails(HWLAB_CONFLICT, {message, "user", said + ", another one", {}, {}}, id);
  fails(HWLAB_CONFLICT, {{}, "user", said, {}, {}}, id, 7);
  fails(HWLAB_NOT_FOUND, {{}, "user", said, {}, {}}, unknown);
  fails(HWLAB_INVALID, {{}, said, said, {}, {}}, id);
  fails(HWLAB_INVALID, {{}, "user", said + "\xff", {}, {}}, id);
  fails(HWLAB_INVALID, {{}, "user", said + std::string(1, '\0'), {}, {}}, id);
  fails(HWLAB_INVALID, {{}, "user", said + std::string(2000, 'x'), {}, {}}, id);
  fails(HWLAB_INVALID, {{}, "user", said, "{" + said, {}}, id);
  fails(HWLAB_INVALID, {said, "user", said, {}, {}}, id);
  fails(HWLAB_INVALID, {{}, "user", said, {}, {}}, said);
  expect_silence(
      host_error_of([&] { (void)store.list_conversations({.cursor = said}, {20s}); }).what(),
      "an error about a cursor");
  // A constraint of the operator's own, whose words the server tells us with the row.
  database_.run(
      "alter table public.messages add constraint short check (length(content) < 5) not valid");
  fails(HWLAB_INVALID, {{}, "user", said, {}, {}}, id);
  database_.run("drop table public.messages");
  fails(HWLAB_CONFIG, {{}, "user", said, {}, {}}, id);
  expect_silence(log_.text(), "the log");
}

}  // namespace
}  // namespace hwlab::test
