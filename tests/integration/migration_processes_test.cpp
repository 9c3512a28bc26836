// Do migrations survive that processes migrate at once, and are killed at any point?
#include <array>
#include <iostream>
#include <random>

#include "tests/integration/migration_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

const int newest = static_cast<int>(store::embedded_migrations().size());

std::string uncommitted_record_of(int version) {
  return "insert into hwlab_schema_migrations (version, name, sha256) values (" +
         std::to_string(version) + ", '', '')";
}

void make_table_of_migrations(const Database& database) {
  database.run(
      "create table hwlab_schema_migrations (version integer primary key, name text not null, "
      "sha256 text not null, applied_at timestamptz not null default clock_timestamp())");
}

class FirstCalls : public testing::Test {
 protected:
  static constexpr int processes = 4;
  static constexpr int callers = 4;

  void start() {
    for (int i = 0; i < processes; ++i)
      children_.push_back(first_calls(database_, callers, "child_" + std::to_string(i)));
    for (ChildProcess& child : children_)
      child.let_go();
  }

  void expect_success_of_all_but(std::size_t killed) {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      if (i != killed) {
        EXPECT_EQ(children_[i].wait(90s), 0) << "process " << i;
      }
    }
    expect_everything_numbered(database_);
  }

  Database database_;
  std::vector<ChildProcess> children_;
};

TEST_F(FirstCalls, SucceedWhenTheProcessThatMigratesIsKilled) {
  make_table_of_migrations(database_);
  pqxx::connection other(database_.dsn());
  std::size_t migrating = 0;
  {
    // Whoever comes to the end of a step in the middle waits for this.
    pqxx::work holder(other);
    holder.exec(uncommitted_record_of(newest / 2));
    start();
    std::string name;
    for (const auto deadline = soon(); name.empty() && !deadline.passed();)
      name = database_.value("select application_name from pg_stat_activity where " +
                             session_of("child_%") + " and " + waits_for(other));
    ASSERT_FALSE(name.empty());
    migrating = static_cast<std::size_t>(name.back() - '0');
    children_[migrating].kill();
  }
  expect_success_of_all_but(migrating);
}

TEST_F(FirstCalls, SucceedWhicheverProcessIsKilledWhenever) {
  std::random_device device;
  const char* const given = std::getenv("HWLAB_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : device();
  std::cout << "HWLAB_TEST_SEED=" << seed << '\n';
  std::mt19937 random(seed);
  for (int round = 0; round < 5; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const int after = static_cast<int>(random() % static_cast<unsigned>(newest));
    const std::size_t killed = random() % processes;
    database_.run("drop schema public cascade; create schema public");
    make_table_of_migrations(database_);
    children_.clear();
    start();
    ASSERT_TRUE(comes_true(database_, "select count(*) >= " + std::to_string(after) +
                                          " from hwlab_schema_migrations"));
    children_[killed].kill();
    expect_success_of_all_but(killed);
  }
}

// What another session does so that a step comes to wait in its middle, by the step's number.
constexpr std::array holds = {
    "create table conversations (id uuid)",  // not committed
    "lock table conversations in access share mode",
    "lock table messages in access share mode",
    "lock table conversations in access share mode",
    "lock table messages in row exclusive mode",  // as a writer whose transaction is open
    "lock table conversations in row exclusive mode",
    "select from conversations where last_seq is null order by id desc limit 1 for no key update",
    "lock table conversations in row exclusive mode",
    "lock table conversations in row exclusive mode",
    "lock table conversations in access share mode",
    "lock table conversations in share update exclusive mode",
    "lock table conversations in access share mode",
    "lock table conversations in share update exclusive mode",
};

class EachStep : public testing::TestWithParam<int> {
 protected:
  // Starts a process, kills it while it waits for what `sql` holds, and lets that go.
  void kill_while_it_waits_for(const std::string& sql) {
    pqxx::connection other(database_.dsn());
    pqxx::work holder(other);
    holder.exec(sql);
    ChildProcess child = first_calls(database_, 1, "child");
    child.let_go();
    ASSERT_TRUE(comes_true(database_, "select count(*) > 0 from pg_stat_activity where " +
                                          session_of("child") + " and " + waits_for(other)));
    child.kill();
  }

  Database database_;
};

TEST_P(EachStep, MayBeKilledInItsMiddleAndAtItsEnd) {
  const int version = GetParam();
  ASSERT_EQ(static_cast<int>(holds.size()), newest) << "say what makes the new step wait";
  if (version > 1) {
    make_plain_schema(database_);
    // Conversations of many lengths, an empty one, one that is numbered in pieces.
    database_.run(
        "insert into conversations (started_at) select timestamptz '2020-01-01' + i * interval '1 "
        "hour' from generate_series(0, 40) i;"
        "insert into messages (conversation_id, role, content, created_at) select c.id, 'user', "
        "i::text, timestamptz '2020-01-01' + (i / 3) * interval '1 second' from (select id, "
        "row_number() over (order by id) as place from conversations) c, generate_series(1, case "
        "c.place when 1 then 0 when 20 then 12000 else 10 * c.place end) i");
  }
  make_table_of_migrations(database_);
  const std::string count = version > 1 ? database_.value("select count(*) from messages") : "0";

  kill_while_it_waits_for(uncommitted_record_of(version));
  ASSERT_TRUE(has_no_session(database_, "child"));
  ASSERT_EQ(database_.value("select coalesce(max(version), 0) from hwlab_schema_migrations"),
            std::to_string(version - 1));
  ASSERT_NO_FATAL_FAILURE(kill_while_it_waits_for(holds.at(static_cast<std::size_t>(version) - 1)));

  store::Store store(store::StoreOptions{}, database_.source(), no_log());
  store.migrate(store::Deadline::in(60s));
  expect_everything_numbered(database_);
  EXPECT_EQ(database_.value("select count(*) from messages"), count);
}

INSTANTIATE_TEST_SUITE_P(
    Migrate, EachStep, testing::Range(1, newest + 1), [](const testing::TestParamInfo<int>& step) {
      return std::string(
          store::embedded_migrations()[static_cast<std::size_t>(step.param) - 1].name);
    });

}  // namespace
}  // namespace hwlab::test
