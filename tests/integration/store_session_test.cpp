// Does a session do the same with either version of libpqxx: prepare once, and stay silent? Does it
// leave nothing behind at the server?
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "store/connect.h"
#include "store/session_maker.h"
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

TEST_F(SessionTest, AsksTheServerToFindOutSoonThatWeHaveGone) {
  const store::SessionMaker make(database_.source(), true, std::chrono::seconds(15), no_log());
  const std::atomic<bool> stop = false;
  // On a unix socket they are in force as zeros: what they would be is asked for.
  EXPECT_STREQ(
      make(soon(), stop)
          ->run_text("select string_agg(reset_val, ' ' order by name) from pg_settings where name "
                     "in ('tcp_keepalives_count', 'tcp_keepalives_idle', "
                     "'tcp_keepalives_interval', 'tcp_user_timeout')")[0][0]
          .c_str(),
      "3 30 10 60000");
}

// A session at the server that nobody here holds any more.
class LostSession {
 public:
  explicit LostSession(const std::string& dsn) {
    process_.asked_for = store::Deadline::Clock::now();
    connection_ = std::make_unique<pqxx::connection>(dsn + " application_name=hwlab-conversations");
    process_.answered = store::Deadline::Clock::now();
    process_.pid = connection_->backendpid();
  }
  [[nodiscard]] const store::ServerProcess& process() const { return process_; }
  [[nodiscard]] bool is_alive() const {
    try {
      pqxx::nontransaction(*connection_).exec("select 1");
      return true;
    } catch (const pqxx::broken_connection&) {
      return false;
    }
  }

 private:
  store::ServerProcess process_;
  std::unique_ptr<pqxx::connection> connection_;
};

class LostSessionTest : public SessionTest {
 protected:
  std::unique_ptr<store::Session> connect() {
    const std::atomic<bool> stop = false;
    return store::connect(database_.source()(), prepared_, soon(), stop, {}, lost_);
  }
  const std::shared_ptr<store::LostSessions> lost_ = std::make_shared<store::LostSessions>();
};

TEST_F(LostSessionTest, IsEndedByTheNextOne) {
  const LostSession one(database_.dsn());
  const LostSession other(database_.dsn());
  const LostSession not_lost(database_.dsn());
  lost_->add(one.process());
  lost_->add(other.process());
  const auto session = connect();
  EXPECT_FALSE(one.is_alive());
  EXPECT_FALSE(other.is_alive());
  EXPECT_TRUE(not_lost.is_alive());
  EXPECT_TRUE(lost_->all().empty());
  EXPECT_STREQ(session->run_text("select 1")[0][0].c_str(), "1");
}

TEST_F(LostSessionTest, IsNotTakenForOneOfTheSameNumber) {
  using std::chrono::seconds;
  const LostSession later(database_.dsn());
  const LostSession earlier(database_.dsn());
  const Database elsewhere;
  const LostSession of_another_database(elsewhere.dsn());
  const auto moved = [](store::ServerProcess process, seconds by) {
    process.asked_for += by;
    process.answered += by;
    return process;
  };
  lost_->add(moved(later.process(), seconds(-20)));
  lost_->add(moved(earlier.process(), seconds(20)));
  lost_->add(of_another_database.process());
  connect();
  EXPECT_TRUE(later.is_alive());
  EXPECT_TRUE(earlier.is_alive());
  EXPECT_TRUE(of_another_database.is_alive());
}

TEST_F(LostSessionTest, IsFoundWithoutItsNumberWhenItWasNeverUsed) {
  const LostSession unused(database_.dsn());
  const LostSession used(database_.dsn());
  ASSERT_TRUE(used.is_alive());
  store::ServerProcess process = unused.process();
  process.pid = 0;
  lost_->add(process);
  connect();
  EXPECT_FALSE(unused.is_alive());
  EXPECT_TRUE(used.is_alive());
}

TEST_F(LostSessionTest, IsOneThatWasCutAndNotOneThatWasClosed) {
  connect();
  EXPECT_TRUE(lost_->all().empty());
  auto session = connect();
  const int pid = std::stoi(session->run_text("select pg_backend_pid()")[0][0].c_str());
  session->cut();
  session.reset();
  ASSERT_EQ(lost_->all().size(), 1U);
  EXPECT_EQ(lost_->all().front().pid, pid);
}

TEST_F(LostSessionTest, IsLeftToTheServerWhereTheRoleMayNotEndIt) {
  const LostSession lost(database_.dsn());
  lost_->add(lost.process());
  auto options = database_.source()();
  options.emplace_back("options", "-c role=pg_monitor");
  const std::atomic<bool> stop = false;
  const auto session = store::connect(options, prepared_, soon(), stop, {}, lost_);
  EXPECT_STREQ(session->run_text("select 1")[0][0].c_str(), "1");
  EXPECT_TRUE(lost.is_alive());
  EXPECT_TRUE(lost_->all().empty());
}

}  // namespace
}  // namespace hwlab::test
