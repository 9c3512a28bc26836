// A million messages are adopted while an earlier store writes on and the migrating process is
// killed: is nothing lost, and does the earlier store not notice?
#include <iostream>
#include <random>

#include "tests/integration/migration_fixture.h"
#include "tests/support/earlier_writer.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

constexpr int short_conversations = 9'000;  // of 100 messages each
constexpr int huge_conversation = 100'000;  // messages
constexpr auto longest_wait = 3'000ms;      // what is promised to an earlier store
constexpr auto fifty_a_second = 20ms;

// Ties in time everywhere. The foreign key is not checked while it is filled, which is most of the
// time that it would take.
void fill(const Database& database) {
  make_plain_schema(database);
  database.run(
      "set session_replication_role = replica;"
      "insert into conversations (started_at, model) select timestamptz '2020-01-01' + i * "
      "interval '1 second', case i when 0 then 'huge' else 'short' end from generate_series(0, " +
      std::to_string(short_conversations) +
      ") i;"
      "insert into messages (conversation_id, role, content, created_at) select c.id, 'user', "
      "repeat(md5(i::text), 6), timestamptz '2020-01-01' + (i / 3) * interval '1 second' from "
      "generate_series(1, 100) i, conversations c where c.model = 'short';"
      "insert into messages (conversation_id, role, content, created_at) select c.id, 'user', "
      "repeat(md5(i::text), 6), timestamptz '2020-01-01' + (i / 3) * interval '1 second' from "
      "generate_series(1, " +
      std::to_string(huge_conversation) + ") i, conversations c where c.model = 'huge'");
  database.run("analyze");
}

// For whoever reads the log.
void report(const Database& database, const EarlierWriter& to_short, const EarlierWriter& to_huge) {
  for (const auto& row :
       database.run("select version || ' (' || name || '): ' || extract(epoch from applied_at - "
                    "lag(applied_at) over (order by version))::numeric(10, 3) || ' s' from "
                    "hwlab_schema_migrations order by version offset 1"))
    std::cout << "migration " << row[0].c_str() << '\n';
  std::cout << "longest insert of " << to_short.done()
            << " into short conversations: " << to_short.longest().count() << " ms, of "
            << to_huge.done() << " into the huge one: " << to_huge.longest().count() << " ms\n";
}

TEST(MigrateAMillionMessages, WhileAnEarlierStoreWritesAndTheProcessIsKilledTwice) {
  const Database database;
  fill(database);
  const auto short_ones = ids_of_conversations(database, "model = 'short'");
  const auto huge_one = ids_of_conversations(database, "model = 'huge'").at(0);
  std::atomic<int> written{0};
  // One writer to a conversation at most, or their commits might be in another order than their
  // times.
  EarlierWriter to_short(database, fifty_a_second,
                         [&, random = std::mt19937(1)](pqxx::connection& connection) mutable {
                           pqxx::nontransaction(connection)
                               .exec(insert_message(short_ones[random() % short_ones.size()]));
                           ++written;
                         });
  EarlierWriter to_huge(database, fifty_a_second, [&](pqxx::connection& connection) {
    pqxx::nontransaction(connection).exec(insert_message(huge_one));
    ++written;
  });
  wait_for(to_short, 10);
  wait_for(to_huge, 10);

  const auto kill_when = [&](const std::string& condition) {
    ChildProcess child = first_calls(database, 1, "child");
    child.let_go();
    ASSERT_TRUE(comes_true(database, condition));
    child.kill();
  };
  // The primary key of a new table is an index, too, but not what is meant.
  ASSERT_NO_FATAL_FAILURE(kill_when(
      "select count(*) > 0 from pg_stat_progress_create_index where datname = current_database() "
      "and command = 'CREATE INDEX CONCURRENTLY'"));
  ASSERT_NO_FATAL_FAILURE(
      kill_when("select count(*) > 3000 from conversations where last_seq > 0"));
  ChildProcess last = first_calls(database, 1, "child", 300s);
  last.let_go();
  EXPECT_EQ(last.wait(300s), 0);
  wait_for(to_short, to_short.done() + 10);
  wait_for(to_huge, to_huge.done() + 10);

  expect_no_failure(to_short);
  expect_no_failure(to_huge);
  report(database, to_short, to_huge);
  EXPECT_LE(to_short.longest(), longest_wait);
  EXPECT_LE(to_huge.longest(), longest_wait);
  expect_everything_numbered(database);
  EXPECT_EQ(database.value("select count(*) from messages"),
            std::to_string(short_conversations * 100 + huge_conversation + written));
}

}  // namespace
}  // namespace hwlab::test
