// Does the gate do what it says? The tests of faults believe it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio.hpp>
#include <future>
#include <pqxx/pqxx>

#include "tests/support/database.h"
#include "tests/support/gate.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
using Counters = Gate::Counters;

class GateTest : public testing::Test {
 protected:
  static std::string value(pqxx::connection& connection, const std::string& sql) {
    pqxx::nontransaction transaction(connection);
    return transaction.exec(sql)[0][0].c_str();
  }
  [[nodiscard]] pqxx::connection connect() const { return pqxx::connection(gate_.dsn()); }
  [[nodiscard]] std::string rows() const { return database_.value("select count(*) from t"); }
  static bool is_insert(std::string_view sql) { return sql.starts_with("insert"); }

  // A prepared insert by way of the gate, as the store does it. False: the connection was lost.
  static bool insert(pqxx::connection& connection) {
    try {
      connection.prepare("add", "insert into t values ($1) returning n");
      pqxx::nontransaction transaction(connection);
      transaction.exec_prepared("add", 1);
      return true;
    } catch (const pqxx::broken_connection&) {
      return false;
    }
  }
  // Whether anything comes on a new connection within a moment.
  [[nodiscard]] bool is_answered() const {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    socket.connect({boost::asio::ip::address_v4::loopback(),
                    static_cast<unsigned short>(std::stoi(gate_.port()))});
    const timeval patience{.tv_sec = 0, .tv_usec = 200'000};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const std::string question("\0\0\0\x08\x04\xd2\x16\x2f", 8);  // for TLS
    boost::asio::write(socket, boost::asio::buffer(question));
    char answer = 0;
    return ::recv(socket.native_handle(), &answer, 1, 0) == 1;
  }

  Database database_;
  Gate gate_{database_.dsn()};
};

TEST_F(GateTest, ForwardsAndCounts) {
  {
    auto connection = connect();
    EXPECT_EQ(value(connection, "select 7"), "7");
    const Counters counters = gate_.counters();
    EXPECT_EQ(counters.attempts, 1U);
    EXPECT_EQ(counters.passed, 1U);
    EXPECT_EQ(counters.open, 1);
    EXPECT_GT(counters.to_server, 50U);
    EXPECT_GT(counters.to_client, 50U);
    EXPECT_EQ(gate_.attempt_times().size(), 1U);
  }
  EXPECT_TRUE(gate_.comes_true([](const Counters& counters) { return counters.open == 0; }));
}

TEST_F(GateTest, DelaysWithoutLimitingThroughput) {
  auto connection = connect();
  gate_.delay(100ms);
  const auto start = Gate::Clock::now();
  EXPECT_EQ(value(connection, "select 7"), "7");
  EXPECT_GE(Gate::Clock::now() - start, 200ms);
  // 500 reads of the gate: one after the other they would take 50 s.
  EXPECT_EQ(value(connection, "select repeat('x', 32 * 1024 * 1024)").size(), 32U << 20U);
  EXPECT_LT(Gate::Clock::now() - start, 30s);
}

TEST_F(GateTest, CutsBehindTheGivenByte) {
  auto connection = connect();
  const auto before = gate_.counters().to_client;
  gate_.cut_after(Gate::From::server, 100'000);
  EXPECT_THROW(value(connection, "select repeat('x', 1000000)"), pqxx::broken_connection);
  EXPECT_EQ(gate_.counters().cut, 1U);
  EXPECT_EQ(gate_.counters().to_client, before + 100'000);
  auto next = connect();
  EXPECT_EQ(value(next, "select repeat('x', 1000000)").size(), 1'000'000U) << "cut twice";

  gate_.cut_after(Gate::From::client, 10);
  EXPECT_THROW(value(next, "select 'a longer statement'"), pqxx::broken_connection);
}

TEST_F(GateTest, HoldsUntilItForwards) {
  auto connection = connect();
  gate_.hold();
  auto answer = std::async(std::launch::async, [&] { return value(connection, "select 7"); });
  EXPECT_EQ(answer.wait_for(200ms), std::future_status::timeout);
  EXPECT_FALSE(is_answered());
  gate_.forward();
  EXPECT_EQ(answer.get(), "7");
  EXPECT_TRUE(is_answered());
}

TEST_F(GateTest, KeepsWhatIsLostInTheBlackHole) {
  auto lost = connect();
  gate_.black_hole();
  auto answer = std::async(std::launch::async, [&] { return value(lost, "select 7"); });
  auto other = connect();
  EXPECT_EQ(value(other, "select 8"), "8");
  gate_.forward();
  EXPECT_EQ(answer.wait_for(200ms), std::future_status::timeout);
  gate_.reset();
  EXPECT_THROW(answer.get(), pqxx::broken_connection);
  EXPECT_THROW(value(other, "select 8"), pqxx::broken_connection);
  EXPECT_EQ(gate_.counters().open, 0);
}

TEST_F(GateTest, IgnoresNewcomersOnly) {
  auto connection = connect();
  gate_.ignore();
  EXPECT_FALSE(is_answered());
  EXPECT_EQ(value(connection, "select 7"), "7");
  gate_.welcome();
  EXPECT_TRUE(is_answered());
  EXPECT_EQ(gate_.counters().attempts, 3U);
}

TEST_F(GateTest, RefusesUntilItWelcomes) {
  auto connection = connect();
  gate_.refuse();
  EXPECT_THROW(pqxx::connection(gate_.dsn()), pqxx::broken_connection);
  EXPECT_EQ(gate_.counters().attempts, 1U);
  EXPECT_EQ(value(connection, "select 7"), "7");
  gate_.welcome();
  auto next = connect();
  EXPECT_EQ(value(next, "select 7"), "7");
}

TEST_F(GateTest, TurnsAwayWithTheWordsOfAServer) {
  gate_.turn_away("57P03", "the database system is starting up");
  try {
    const pqxx::connection connection(gate_.dsn());
    ADD_FAILURE() << "was let in";
  } catch (const pqxx::broken_connection& error) {
    EXPECT_NE(std::string(error.what()).find("FATAL:  the database system is starting up"),
              std::string::npos)
        << error.what();
  }
  gate_.welcome();
  auto connection = connect();
  EXPECT_EQ(value(connection, "select 7"), "7");
}

TEST_F(GateTest, LosesTheReplyToAStatementThatRan) {
  database_.run("create table t (n integer)");
  auto connection = connect();
  gate_.strike(Gate::Fate::lose_reply, is_insert);
  EXPECT_EQ(value(connection, "select 7"), "7");
  EXPECT_FALSE(insert(connection));
  EXPECT_EQ(gate_.counters().struck, 1U);
  EXPECT_EQ(rows(), "1");
  auto next = connect();
  EXPECT_TRUE(insert(next)) << "struck twice";
}

TEST_F(GateTest, LosesARequestBeforeItRuns) {
  database_.run("create table t (n integer)");
  auto connection = connect();
  gate_.strike(Gate::Fate::lose_request, is_insert);
  EXPECT_FALSE(insert(connection));
  EXPECT_EQ(gate_.counters().struck, 1U);
  EXPECT_EQ(rows(), "0");
}

TEST_F(GateTest, KeepsARequestUntilItIsReleased) {
  database_.run("create table t (n integer)");
  auto connection = connect();
  gate_.strike(Gate::Fate::keep_request, is_insert);
  EXPECT_FALSE(insert(connection));
  EXPECT_EQ(gate_.counters().struck, 1U);
  EXPECT_EQ(rows(), "0");
  gate_.release_kept();
  EXPECT_TRUE(gate_.comes_true([](const Counters& counters) { return counters.answered == 1; }));
  EXPECT_EQ(rows(), "1");
}

TEST_F(GateTest, LeadsToAnotherServer) {
  Gate second(gate_.dsn());
  pqxx::connection first(second.dsn());
  second.lead_to(database_.dsn());
  pqxx::connection other(second.dsn());
  EXPECT_EQ(gate_.counters().attempts, 1U);
  EXPECT_EQ(value(first, "select 7") + value(other, "select 8"), "78");
}

}  // namespace
}  // namespace hwlab::test
