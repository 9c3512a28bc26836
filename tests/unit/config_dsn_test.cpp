// Does a DSN reference lead to the options of the DSN, and are its secrets known?
#include <gtest/gtest.h>

#include <concepts>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>

#include "config_dsn_fixture.h"

namespace hwlab::config {
namespace {

// A secret cannot be shown by accident: nothing that prints or joins texts takes one.
template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Joinable = requires(std::string text, const T& value) {
  text + value;
}
|| requires(std::string text, const T& value) {
  text += value;
}
|| requires(std::string text, const T& value) {
  text.append(value);
};
template <typename T>
concept Printable = requires(const T& value) {
  to_string(value);
}
|| requires(const T& value) {
  std::to_string(value);
}
|| requires(const T& value) {
  value.c_str();
}
|| requires(const T& value) {
  value.begin();
};
template <typename T>
concept ShownByAccident =
    Streamable<T> || Joinable<T> || Printable<T> || std::convertible_to<const T&, std::string> ||
    std::convertible_to<const T&, std::string_view> || std::convertible_to<const T&, const char*> ||
    std::convertible_to<const T&, bool> || std::constructible_from<std::string, const T&>;
static_assert(ShownByAccident<std::string>);
static_assert(!ShownByAccident<Secret>);
static_assert(!Streamable<ConnectionOption> && !Streamable<Dsn>);
// Nor does a text become a secret without saying so, which would let one be compared away by
// overloads.
static_assert(!std::convertible_to<std::string, Secret>);

std::map<std::string, std::string> options(const Dsn& dsn) {
  std::map<std::string, std::string> result;
  for (const auto& option : dsn.options)
    result[option.keyword] = option.value.reveal();
  return result;
}

std::set<std::string> secrets(const Dsn& dsn) {
  std::set<std::string> result;
  for (const auto& secret : dsn.secrets)
    result.insert(secret.reveal());
  return result;
}

using Options = std::map<std::string, std::string>;
using Texts = std::set<std::string>;

TEST_F(DsnTest, AUriBecomesItsOptions) {
  const auto dsn = from_variable("postgresql://lab:p%40ss@db:5433/hwlab?sslmode=require");
  EXPECT_EQ(options(dsn), (Options{{"user", "lab"},
                                   {"password", "p@ss"},
                                   {"host", "db"},
                                   {"port", "5433"},
                                   {"dbname", "hwlab"},
                                   {"sslmode", "require"}}));
  EXPECT_TRUE(dsn.warnings.empty());
}

TEST_F(DsnTest, KeywordsBecomeTheirOptions) {
  const auto quoted = from_variable(R"(host=@abstract password='a \' b' service=lab passfile=/x)");
  EXPECT_EQ(
      options(quoted),
      (Options{
          {"host", "@abstract"}, {"password", "a ' b"}, {"service", "lab"}, {"passfile", "/x"}}));
}

TEST_F(DsnTest, SeveralHostsAndTheirPortsAreTaken) {
  const auto dsn =
      from_variable("postgresql://a:5432,b:5433,c/lab?target_session_attrs=read-write");
  EXPECT_EQ(options(dsn)["host"], "a,b,c");
  EXPECT_EQ(options(dsn)["port"], "5432,5433,");
}

TEST_F(DsnTest, ThePasswordIsASecretAsItIsAndAsItIsSpelt) {
  const std::string uri = "postgres://lab:p%40ss@db/lab?sslpassword=k%20ey";
  EXPECT_EQ(secrets(from_variable(uri)), (Texts{uri, "p@ss", "p%40ss", "k ey", "k%20ey"}));
  const std::string keywords = "host=db password=canary";
  EXPECT_EQ(secrets(from_variable(keywords)), (Texts{keywords, "canary"}));
}

TEST_F(DsnTest, ThePasswordOfTheEnvironmentIsASecret) {
  ::setenv("PGPASSWORD", "canary", 1);
  EXPECT_EQ(secrets(from_variable("host=db")), (Texts{"host=db", "canary"}));
  ::setenv("PGPASSWORD", "", 1);
  EXPECT_EQ(secrets(from_variable("host=db")), (Texts{"host=db"}));
}

TEST_F(DsnTest, AFileIsReadWithoutTheNewlineAtItsEnd) {
  for (const auto* end : {"", "\n", "\r\n"}) {
    const auto dsn = from_file(file(std::string("host=db password='x '") + end));
    EXPECT_EQ(options(dsn), (Options{{"host", "db"}, {"password", "x "}}));
    EXPECT_TRUE(dsn.warnings.empty());
  }
  EXPECT_EQ(secrets(from_file(file("host=db\n\n"))), (Texts{"host=db\n"}));
}

TEST_F(DsnTest, AChangedFileIsReadAnew) {
  const auto path = file("host=db password=first");
  EXPECT_EQ(options(from_file(path))["password"], "first");
  file("host=db password=second");
  EXPECT_EQ(options(from_file(path))["password"], "second");
}

TEST_F(DsnTest, ALinkToAFileIsFollowed) {
  const auto link = folder_ / "link";
  std::filesystem::create_symlink(file("host=db"), link);
  EXPECT_EQ(options(from_file(link.string())), (Options{{"host", "db"}}));
}

TEST_F(DsnTest, AFileThatEverybodyMayReadIsAcceptedWithAWarning) {
  const auto path = file("host=db", 0644);
  const auto dsn = from_file(path);
  EXPECT_EQ(dsn.warnings,
            std::vector<std::string>{"dsn.file: " + path +
                                     " can be read by every user of this machine; run "
                                     "chmod o-r " +
                                     path});
  EXPECT_TRUE(from_file(file("host=db", 0640)).warnings.empty());
}

TEST_F(DsnTest, AFileOfSixtyFourKibibytesIsTaken) {
  const std::string start = "host=db password=";
  const auto dsn = from_file(file(start + std::string((64U << 10) - start.size(), 'x')));
  EXPECT_EQ(options(dsn)["password"].size(), (64U << 10) - start.size());
}

}  // namespace
}  // namespace hwlab::config
