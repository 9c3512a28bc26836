// Is an operator told that nothing proves who the server is?
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/security/tls_server.h"
#include "tests/support/host_program.h"

namespace hwlab::test {
namespace {

// Tests reach no other machine. But 0.0.0.0, where Linux connects to the loopback interface, is not
// an address of it, and so is judged as another host's.
const std::string another_host = "0.0.0.0";
const std::string warning = "warn: the database is on another host and sslmode is '";

class Tls : public HostProgram {
 protected:
  Tls() { write_config("      log_level: warn\n"); }

  [[nodiscard]] std::string dsn(const std::string& more) const {
    return "port=" + server_.port() + " user=postgres dbname=postgres " + more;
  }

  struct Seen {
    int code;
    std::string level;  // of the line `tls` of check; empty when there is none
    std::string value;
    std::string remedy;
    std::string log;
  };
  Seen check(const std::string& dsn) {
    const Environment url("HWLAB_TEST_URL", dsn);
    const Ended ended = run("check --json");
    Seen seen{.code = ended.code, .level = {}, .value = {}, .remedy = {}, .log = ended.err};
    const auto report = nlohmann::json::parse(ended.out, nullptr, false);
    if (!report.is_object())
      return seen;
    for (const auto& line : report.at("checks"))
      if (line.at("name") == "tls") {
        seen.level = line.at("level");
        seen.value = line.at("value");
        if (line.at("remedy").is_string())
          seen.remedy = line.at("remedy");
      }
    return seen;
  }

  void expect_warning(const std::string& dsn, const std::string& mode, const std::string& state) {
    const Seen seen = check(dsn);
    EXPECT_EQ(seen.code, 0) << seen.log;
    EXPECT_EQ(seen.level, "warning");
    EXPECT_EQ(seen.value, state + ", the server is not verified (sslmode " + mode + ")");
    EXPECT_NE(seen.remedy.find("sslmode=verify-full"), std::string::npos) << seen.remedy;
    EXPECT_NE(seen.log.find(warning + mode + "'"), std::string::npos) << seen.log;
  }

  void expect_none(const std::string& dsn, const std::string& value) {
    const Seen seen = check(dsn);
    EXPECT_EQ(seen.code, 0) << seen.log;
    EXPECT_EQ(seen.level, "ok");
    EXPECT_EQ(seen.value, value);
    EXPECT_EQ(seen.log.find("sslmode"), std::string::npos) << seen.log;
  }

  TlsServer server_;
};

TEST_F(Tls, WithoutAVerifiedServerIsWarnedOf) {
  expect_warning(dsn("host=" + another_host), "prefer", "on");
  expect_warning(dsn("sslmode=require hostaddr=" + another_host), "require", "on");
  expect_warning(dsn("sslmode=disable host=" + another_host), "disable", "off");
  expect_warning(dsn("host=localhost hostaddr=" + another_host +
                     " sslmode=verify-ca sslrootcert=" + server_.certificate()),
                 "verify-ca", "on");
}

// Not only what stands in the DSN counts, but what libpq makes of it.
TEST_F(Tls, OfTheEnvironmentAndOfAServiceFileCounts) {
  {
    const Environment mode("PGSSLMODE", "require");
    const Environment host("PGHOST", another_host);
    expect_warning(dsn(""), "require", "on");
  }
  const auto services = folder_ / "services";
  std::ofstream(services) << "[lab]\nhost=localhost\nhostaddr=" << another_host
                          << "\nsslmode=verify-full\nsslrootcert=" << server_.certificate()
                          << "\n[other]\nhost=" << another_host << "\nsslmode=allow\n";
  const Environment file("PGSERVICEFILE", services.string());
  expect_none(dsn("service=lab"), "on, the server has proved who it is");
  expect_warning(dsn("service=other"), "allow", "off");
}

TEST_F(Tls, WithAVerifiedServerIsNotWarnedOf) {
  expect_none(dsn("host=localhost hostaddr=" + another_host +
                  " sslmode=verify-full sslrootcert=" + server_.certificate()),
              "on, the server has proved who it is");
}

TEST_F(Tls, WithinThisMachineIsNotWarnedOf) {
  expect_none(dsn("host=127.0.0.1 sslmode=disable"), "off, not needed within this machine");
  expect_none(server_.cluster().dsn(), "off, not needed within this machine");
}

TEST_F(Tls, ThatTheServerFailsIsNoSession) {
  // The name is not the certificate's.
  const Seen seen = check(
      dsn("host=" + another_host + " sslmode=verify-full sslrootcert=" + server_.certificate()));
  EXPECT_EQ(seen.code, 69) << seen.log;
  EXPECT_NE(seen.log.find("certificate"), std::string::npos) << seen.log;
}

TEST_F(Tls, IsWarnedOfAlsoWhenTheServerIsAbsent) {
  const LoopbackListener closed;
  closed.wake();
  for (const char* const startup : {"verify", "lazy"}) {
    write_config("      pool: { connect_timeout: 2s }\n      call_timeout: 2s\n      startup: " +
                 std::string(startup) + "\n");
    const Seen seen = check("user=y dbname=x port=" + closed.port() + " host=" + another_host);
    EXPECT_EQ(seen.code, 69);
    EXPECT_NE(seen.log.find(warning + "prefer'"), std::string::npos) << seen.log;
  }
}

TEST_F(Tls, IsWarnedOfOnceHoweverManyConnectionsThereAre) {
  const Environment url("HWLAB_TEST_URL", dsn("host=" + another_host));
  const auto plugin = load("pool: { max: 3, min: 3 }\n");
  const auto sessions = [this] {
    return server_.cluster().value(
        "select count(*) from pg_stat_activity where application_name = 'plugin_integration_test'");
  };
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (sessions() != "3" && std::chrono::steady_clock::now() < give_up) {
  }
  EXPECT_EQ(sessions(), "3");
  const std::string text = log_.text();
  const auto first = text.find("sslmode is 'prefer'");
  EXPECT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.find("sslmode is", first + 1), std::string::npos) << text;
}

}  // namespace
}  // namespace hwlab::test
