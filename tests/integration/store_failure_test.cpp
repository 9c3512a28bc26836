// Does a call end in time, and say the right thing, when the server is not there, goes away or says
// no?
#include <atomic>
#include <latch>
#include <thread>

#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

using store::Deadline;
using store::Kind;
using namespace std::chrono_literals;

store::Store::ConnectionSource with(store::Store::ConnectionSource source,
                                    const std::string& keyword, const std::string& value) {
  return [source = std::move(source), keyword, value] {
    auto options = source();
    options.emplace_back(keyword, value);
    return options;
  };
}

class Failure : public StoreTest {
 protected:
  static void list(store::Store& store, std::chrono::milliseconds timeout) {
    store.list(store::Order::started, "", 1, Deadline::in(timeout));
  }
};

TEST_F(Failure, OfAnAbsentServerIsToldAtOnceWhenItIsVerified) {
  store::Store store({}, with(database_.source(), "host", "/nonexistent"), no_log());
  const auto start = Deadline::Clock::now();
  EXPECT_EQ(error_of([&] { store.verify(soon()); }).kind(), Kind::unavailable);
  EXPECT_LT(Deadline::Clock::now() - start, 5s);
}

TEST_F(Failure, OfAnAbsentServerIsToldByTheDeadlineOtherwise) {
  store::Store store({}, with(database_.source(), "host", "/nonexistent"), no_log());
  const auto start = Deadline::Clock::now();
  const auto error = error_of([&] { list(store, 300ms); });
  EXPECT_EQ(error.kind(), Kind::unavailable);
  EXPECT_TRUE(error.retryable());
  EXPECT_GE(Deadline::Clock::now() - start, 300ms);
}

TEST_F(Failure, OfAnUnknownDatabaseOrRoleIsNotWaitedFor) {
  store::Store no_database({}, with(database_.source(), "dbname", "hwlab_no_such_database"),
                           no_log());
  auto error = error_of([&] { list(no_database, 20s); });
  EXPECT_EQ(error.kind(), Kind::config);
  EXPECT_EQ(error.sqlstate(), "3D000");

  store::Store no_role({}, with(database_.source(), "user", "hwlab_no_such_role"), no_log());
  error = error_of([&] { list(no_role, 20s); });
  EXPECT_EQ(error.kind(), Kind::permission);
  EXPECT_TRUE(error.sqlstate().starts_with("28")) << error.sqlstate();
}

TEST_F(Failure, OfADatabaseInAnotherEncodingIsToldApart) {
  const std::string name = database_.name() + "_latin1";
  database_.run("create database " + name + " template template0 encoding 'LATIN1' locale 'C'");
  store::Store store({}, with(database_.source(), "dbname", name), no_log());
  const auto error = error_of([&] { list(store, 20s); });
  EXPECT_EQ(error.kind(), Kind::config);
  EXPECT_NE(std::string(error.what()).find("UTF8"), std::string::npos);
  store.stop();
  database_.run("drop database " + name + " with (force)");
}

TEST_F(Failure, OfAConnectionIsInvisibleToTheNextCalls) {
  const auto conversation = new_conversation();
  for (int i = 0; i < 5; ++i) {
    database_.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = "
        "current_database() and pid <> pg_backend_pid()");
    append(conversation, {message("x")});
    store_.thread(conversation, {}, soon());
  }
  EXPECT_EQ(database_.value("select count(*) || ' ' || max(seq) from messages"), "5 5");
}

TEST_F(Failure, OfConnectionsUnderLoadLosesAndDoublesNothing) {
  const auto conversation = new_conversation();
  std::atomic<bool> done = false;
  std::atomic<int> failed = 0;
  std::jthread killer([&] {
    // Bounded by the writers, and paced by its own round trips.
    while (!done)
      database_.run(
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = "
          "current_database() and pid <> pg_backend_pid(); select pg_sleep(0.05)");
  });
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < 4; ++writer)
      writers.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          try {
            append(conversation, {message("a"), message("b")});
          } catch (const std::exception& error) {
            ++failed;
            ADD_FAILURE() << error.what();
          }
        }
      });
  }
  done = true;
  killer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(database_.value("select count(*) || ' ' || max(seq) || ' ' || count(distinct seq) "
                            "from messages"),
            "400 400 400");
  EXPECT_EQ(database_.value("select message_count from conversations"), "400");
}

TEST_F(Failure, OfAReplyIsSettledByLookingUp) {
  const auto conversation = new_conversation();
  // The row's lock is held until the append waits for it; then its session is ended, so that the
  // reply can never come.
  pqxx::connection other(database_.dsn());
  std::latch sent(1);
  std::jthread breaker([&] {
    pqxx::work holder(other);
    holder.exec("select * from conversations for update");
    sent.count_down();
    const char* const waiting =
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = "
        "current_database() and wait_event_type = 'Lock'";
    const auto deadline = soon();
    while (database_.run(waiting).empty() && !deadline.passed()) {
    }
    holder.abort();
  });
  sent.wait();
  const auto appended = append(conversation, {message("hello")});
  EXPECT_EQ(appended.messages[0].seq, 1);
  EXPECT_FALSE(appended.existed);
  EXPECT_EQ(database_.value("select count(*) from messages"), "1");
}

TEST_F(Failure, OfOneLockedConversationLeavesTheOthersAlone) {
  const auto held = new_conversation();
  const auto free = new_conversation();
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select * from conversations where id = '" + store::to_text(held) + "' for update");
  std::jthread waiting([&] {
    EXPECT_EQ(
        error_of([&] {
          store_.append(
              {.conversation = held, .messages = {message("x")}, .expected_seq = std::nullopt},
              Deadline::in(500ms));
        }).kind(),
        Kind::timeout);
  });
  EXPECT_EQ(append(free, {message("y")}).messages[0].seq, 1);
}

TEST_F(Failure, OfAPoolThatIsUsedUpIsUnavailableByTheDeadline) {
  store::StoreOptions options;
  options.pool.max = 1;
  store::Store small(options, database_.source(), no_log());
  const auto conversation = new_conversation();
  list(small, 20s);
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("lock table conversations in access exclusive mode");
  std::jthread blocked([&] {
    EXPECT_THROW(small.append({.conversation = conversation,
                               .messages = {message("x")},
                               .expected_seq = std::nullopt},
                              Deadline::in(2s)),
                 store::Error);
  });
  while (database_.value("select count(*) from pg_stat_activity where datname = "
                         "current_database() and wait_event_type = 'Lock'") == "0") {
  }
  const auto error = error_of([&] { list(small, 200ms); });
  EXPECT_EQ(error.kind(), Kind::unavailable);
  EXPECT_NE(std::string(error.what()).find("in use"), std::string::npos) << error.what();
}

TEST_F(Failure, OfAReadOnlyServerIsUnavailableAndCertain) {
  const auto conversation = new_conversation();
  store::Store store({}, with(database_.source(), "options", "-c default_transaction_read_only=on"),
                     no_log());
  list(store, 20s);
  // Now and then the deadline falls into an attempt, which is then cut: that one is not certain.
  const auto certain_error_of = [](auto call) {
    auto error = error_of(call);
    for (int tries = 0; error.maybe_applied() && tries < 20; ++tries)
      error = error_of(call);
    return error;
  };
  const auto appended = certain_error_of([&] {
    store.append(
        {.conversation = conversation, .messages = {message("x")}, .expected_seq = std::nullopt},
        Deadline::in(300ms));
  });
  EXPECT_EQ(appended.kind(), Kind::unavailable);
  EXPECT_EQ(appended.sqlstate(), "25006");
  EXPECT_FALSE(appended.maybe_applied()) << "nothing was stored, and that is known";
  const auto created = certain_error_of([&] {
    store.create(
        {.id = store::new_uuid(), .model = {}, .title = std::nullopt, .metadata = std::nullopt},
        Deadline::in(300ms));
  });
  EXPECT_EQ(created.kind(), Kind::unavailable);
  EXPECT_FALSE(created.maybe_applied());
}

TEST_F(Failure, OfARoleWithoutRightsIsPermission) {
  const auto conversation = new_conversation();
  const std::string role = database_.name() + "_reader";
  database_.run("create role " + role + " login; grant usage on schema public to " + role +
                "; grant select on all tables in schema public to " + role);
  {
    store::Store reader({}, with(database_.source(), "user", role), no_log());
    list(reader, 20s);
    EXPECT_EQ(error_of([&] {
                reader.append({.conversation = conversation,
                               .messages = {message("x")},
                               .expected_seq = std::nullopt},
                              soon());
              }).kind(),
              Kind::permission);
    const auto findings = reader.inspect(soon());
    const auto rights = std::find_if(findings.begin(), findings.end(),
                                     [](const auto& finding) { return finding.name == "rights"; });
    ASSERT_NE(rights, findings.end());
    EXPECT_EQ(rights->level, store::Finding::Level::failed);
    EXPECT_NE(rights->value.find("insert on messages"), std::string::npos) << rights->value;
    // What it says to run is what is needed.
    const auto begin = rights->remedy.find('\'') + 1;
    database_.run(rights->remedy.substr(begin, rights->remedy.rfind('\'') - begin));
    reader.append(
        {.conversation = conversation, .messages = {message("x")}, .expected_seq = std::nullopt},
        soon());
  }
  database_.run("drop owned by " + role + "; drop role " + role);
}

TEST_F(Failure, OfAStoreThatIsClosedIsStopped) {
  const auto conversation = new_conversation();
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select * from conversations for update");
  std::jthread waiting([&] {
    const auto error = error_of([&] { append(conversation, {message("x")}); });
    EXPECT_EQ(error.kind(), Kind::timeout);
    EXPECT_TRUE(error.maybe_applied());
  });
  while (database_.value("select count(*) from pg_stat_activity where datname = "
                         "current_database() and wait_event_type = 'Lock'") == "0") {
  }
  const auto start = Deadline::Clock::now();
  store_.stop();
  waiting.join();
  EXPECT_LT(Deadline::Clock::now() - start, 1s);
  EXPECT_EQ(error_of([&] { list(store_, 1s); }).kind(), Kind::stopped);
}

}  // namespace
}  // namespace hwlab::test
