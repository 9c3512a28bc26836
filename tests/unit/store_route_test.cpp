// Is it known when somebody could stand between us and the server?
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/route.h"

namespace hwlab::store {
namespace {

struct Case {
  Route route;
  Protection expected;
};

std::string words(const Route& route) {
  return "host=" + route.host + " hostaddr=" + route.hostaddr + " sslmode=" + route.sslmode +
         " channel_binding=" + route.channel_binding + " gssencmode=" + route.gssencmode;
}

void expect_all(const std::vector<Case>& cases) {
  for (const auto& [route, expected] : cases) {
    EXPECT_EQ(protection_of(route), expected) << words(route);
    EXPECT_EQ(warning_about(route).has_value(), expected == Protection::unverified) << words(route);
  }
}

Route to(const std::string& host, const std::string& hostaddr = {}) {
  Route route;
  route.host = host;
  route.hostaddr = hostaddr;
  route.sslmode = "prefer";
  return route;
}

Route by(const std::string& sslmode, const std::string& channel_binding = "prefer",
         const std::string& gssencmode = "prefer") {
  Route route = to("db.example");
  route.sslmode = sslmode;
  route.channel_binding = channel_binding;
  route.gssencmode = gssencmode;
  return route;
}

TEST(Route, WithinThisMachineNeedsNoProof) {
  std::vector<Case> cases;
  for (const char* const host :
       {"", "/run/postgresql", "@abstract", "localhost", "LocalHost", "127.0.0.1", "127.1.2.3",
        "127.1", "::1", "0:0::1", "::ffff:127.0.0.1", "/a,/b", "localhost,127.0.0.1", ","})
    cases.push_back({to(host), Protection::local});
  // The address counts where there is one; the name is for the certificate.
  cases.push_back({to("db.example", "127.0.0.1"), Protection::local});
  cases.push_back({to("a,b", "127.0.0.1,::1"), Protection::local});
  cases.push_back({to("localhost,b", ",::1"), Protection::local});
  cases.push_back({to("", "127.0.0.1"), Protection::local});
  expect_all(cases);
}

TEST(Route, ToAnotherHostNeedsProof) {
  std::vector<Case> cases;
  for (const char* const host :
       {"db", "db.example", "localhost.example", "localhosts", "127.0.0.1.example", "128.0.0.1",
        "10.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "127", "localhost,db", "db,/run", " "})
    cases.push_back({to(host), Protection::unverified});
  cases.push_back({to("localhost", "10.0.0.1"), Protection::unverified});
  cases.push_back({to("/run/postgresql", "10.0.0.1"), Protection::unverified});
  cases.push_back({to("localhost,localhost", "127.0.0.1,10.0.0.1"), Protection::unverified});
  cases.push_back({to("localhost,db", "127.0.0.1"), Protection::unverified});
  cases.push_back({to("localhost", "no address"), Protection::unverified});
  expect_all(cases);
}

TEST(Route, IsProvenByACertificateOrByTheLogin) {
  std::vector<Case> cases;
  for (const char* const mode : {"disable", "allow", "prefer", "require", "verify-ca"})
    cases.push_back({by(mode), Protection::unverified});
  cases.push_back({by("verify-full"), Protection::verified});
  cases.push_back({by("prefer", "require"), Protection::verified});
  cases.push_back({by("prefer", "disable"), Protection::unverified});
  cases.push_back({by("disable", "prefer", "require"), Protection::verified});
  cases.push_back({by("require", "prefer", "disable"), Protection::unverified});
  expect_all(cases);
}

// libpq has found the DSN wanting, and will not connect.
TEST(Route, ThatIsNotKnownIsNotWarnedOf) {
  EXPECT_FALSE(warning_about(by("")).has_value());
}

TEST(Route, WarningSaysWhatToAddAndNamesNoHost) {
  for (const char* const mode : {"prefer", "verify-ca"}) {
    const std::string warning = warning_about(by(mode)).value_or("");
    EXPECT_NE(warning.find("sslmode=verify-full"), std::string::npos) << warning;
    EXPECT_NE(warning.find("sslrootcert=FILE"), std::string::npos) << warning;
    EXPECT_NE(warning.find(mode), std::string::npos) << warning;
    EXPECT_EQ(warning.find("db.example"), std::string::npos) << warning;
  }
}

}  // namespace
}  // namespace hwlab::store
