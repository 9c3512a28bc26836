// Does a session do the same with either version of libpqxx: prepare once, and stay silent?
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "store/connect.h"
#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

class SessionTest : public testing::Test {
 protected:
  std::unique_ptr<store::Session> connect() {
    const std::atomic<bool> stop = false;
    return store::connect(database_.source()(), prepared_, soon(), stop);
  }

  // How often the server has run a prepared statement of this session; "" when it has none.
  static std::string runs(store::Session& session) {
    const auto rows = session.run_text(
        "select generic_plans + custom_plans from pg_prepared_statements where name = 'sum'");
    return rows.empty() ? std::string() : std::string(rows[0][0].c_str());
  }

  Database database_;
  store::PreparedFlag prepared_ = std::make_shared<std::atomic<bool>>(true);
};

TEST_F(SessionTest, PreparesAStatementOnce) {
  const store::Statement sum{.name = "sum", .sql = "select $1::integer + 1"};
  const auto session = connect();
  for (const char* const number : {"1", "2", "3"})
    session->run(sum, {std::string_view(number)});
  EXPECT_EQ(runs(*session), "3");
  EXPECT_TRUE(prepared_->load()) << "preparing failed, and was given up";
}

TEST_F(SessionTest, PreparesLaterWhatCouldNotBePrepared) {
  const store::Statement sum{.name = "sum", .sql = "select sum(n) + $1::integer from numbers"};
  const auto session = connect();
  EXPECT_THROW(session->run(sum, {std::string_view("1")}), store::StatementFailed);
  database_.run("create table numbers as select 1 as n");
  EXPECT_STREQ(session->run(sum, {std::string_view("1")})[0][0].c_str(), "2");
  EXPECT_EQ(runs(*session), "1");
  EXPECT_TRUE(prepared_->load()) << "preparing failed, and was given up";
}

TEST_F(SessionTest, TakesNullAndEmptyTextApart) {
  const store::Statement is_null{.name = "is_null", .sql = "select $1::text is null"};
  const auto session = connect();
  EXPECT_STREQ(session->run(is_null, {std::nullopt})[0][0].c_str(), "t");
  EXPECT_STREQ(session->run(is_null, {std::string_view()})[0][0].c_str(), "f");
  // A part of a longer text, which does not end where its view ends.
  EXPECT_STREQ(session->run_text("select $1::text", {std::string_view("abc", 2)})[0][0].c_str(),
               "ab");
}

TEST_F(SessionTest, WritesNoticesOfTheServerNowhere) {
  pqxx::connection other(database_.dsn());
  // The server warns at the login, too, when it believes that the collations have changed.
  database_.run("update pg_database set datcollversion = 'none' where datname = '" +
                database_.name() + "'");
  testing::internal::CaptureStderr();
  {
    const auto session = connect();
    session->run_text("do $$ begin raise warning 'said aloud'; end $$");
    // A session that is ended while it is idle has a last word, which libpq takes for a notice.
    pqxx::nontransaction(other).exec(
        "select pg_terminate_backend(pid, 20000) from pg_stat_activity where datname = "
        "current_database() and pid <> pg_backend_pid()");
    EXPECT_THROW(session->run_text("select 1"), store::StatementFailed);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace hwlab::test
