// Can an earlier store write on while its tables are adopted: does nothing that it does fail, or
// wait for long?
#include <array>
#include <random>

#include "tests/integration/migration_fixture.h"
#include "tests/support/earlier_writer.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class EarlierStore : public testing::Test {
 protected:
  void migrate() {
    store::Store store(store::StoreOptions{}, database_.source(), no_log());
    store.migrate(store::Deadline::in(60s));
  }

  // Every conversation numbered from 1 on without a gap, and counted.
  void expect_numbered() {
    EXPECT_EQ(
        database_.value(
            "select count(*) from (select seq, row_number() over (partition by conversation_id "
            "order by seq) as place from messages) m where seq is distinct from place"),
        "0");
    EXPECT_EQ(
        database_.value("select count(*) from conversations c cross join lateral (select count(*) "
                        "as n, max(created_at) as at from messages where conversation_id = c.id) m "
                        "where (c.last_seq, c.message_count, c.active_at) is distinct from (m.n, "
                        "m.n, coalesce(m.at, c.started_at))"),
        "0");
  }

  Database database_;
};

TEST_F(EarlierStore, IsNeverFailedWhateverItsTransactionsTouch) {
  make_plain_schema(database_);
  database_.run(
      "insert into conversations (started_at) select timestamptz '2020-01-01' + i * interval '1 "
      "hour' from generate_series(1, 30) i;"
      "insert into messages (conversation_id, role, content, created_at) select id, 'user', 'x', "
      "timestamptz '2020-01-01' + i * interval '1 second' from conversations, generate_series(1, "
      "400) i;"
      "insert into messages (conversation_id, role, content, created_at) select (select "
      "min(id::text)::uuid from conversations), 'user', 'x', timestamptz '2020-01-02' + i * "
      "interval '1 second' from generate_series(1, 12000) i");
  const auto ids = ids_of_conversations(database_, "true");
  database_.run(
      "insert into conversations (model) select 'to be deleted' from generate_series(1, 300) i;"
      "insert into messages (conversation_id, role, content) select id, 'user', 'y' from "
      "conversations, generate_series(1, 50) i where model <> ''");
  std::atomic<int> written{0};

  // Several conversations in any order, some of them twice, a part of it taken back.
  const auto across = [&](unsigned seed) {
    return [&, random = std::mt19937(seed)](pqxx::connection& connection) mutable {
      pqxx::work transaction(connection);
      for (int i = 0; i < 4; ++i)
        transaction.exec(insert_message(ids[random() % ids.size()]));
      transaction.exec("savepoint part");
      transaction.exec(insert_message(ids[random() % ids.size()]));
      transaction.exec("rollback to part");
      transaction.exec(insert_message(ids[random() % ids.size()]));
      transaction.commit();
      written += 5;
    };
  };
  const auto anew = [&](pqxx::connection& connection) {
    pqxx::work transaction(connection);
    const std::string id =
        transaction.exec("insert into conversations default values returning id")[0][0].c_str();
    for (const char* const content : {"new 1", "new 2", "new 3"})
      transaction.exec(insert_message(id, content));
    transaction.commit();
    written += 3;
  };
  const auto away = [](pqxx::connection& connection) {
    pqxx::work transaction(connection);
    transaction.exec(
        "delete from conversations where id in (select id from conversations where model <> '' "
        "order by id limit 2)");
    transaction.commit();
  };

  {
    std::array<EarlierWriter, 7> writers{
        EarlierWriter(database_, 0ms, across(1)), EarlierWriter(database_, 0ms, across(2)),
        EarlierWriter(database_, 0ms, across(3)), EarlierWriter(database_, 0ms, across(4)),
        EarlierWriter(database_, 0ms, anew),      EarlierWriter(database_, 0ms, anew),
        EarlierWriter(database_, 10ms, away)};
    for (const EarlierWriter& writer : writers)
      wait_for(writer, 20);
    migrate();
    for (const EarlierWriter& writer : writers)
      wait_for(writer, writer.done() + 30);
    for (EarlierWriter& writer : writers)
      expect_no_failure(writer);
  }
  expect_numbered();
  EXPECT_EQ(database_.value("select count(*) from messages where content <> 'y'"),
            std::to_string(30 * 400 + 12000 + written));
  // Rows of one transaction tie in time. Those that the triggers have numbered are in the order in
  // which they were inserted.
  EXPECT_EQ(
      database_.value("select count(*) from messages m join conversations c on c.id = "
                      "m.conversation_id where content like 'new %' and content <> 'new ' || seq "
                      "and c.started_at > (select max(applied_at) from hwlab_schema_migrations)"),
      "0");
}

TEST_F(EarlierStore, NeedsNoMoreRightsThanBefore) {
  make_plain_schema(database_);
  const std::string role = database_.name() + "_writer";
  database_.run("create role " + role + "; grant select, insert on conversations, messages to " +
                role);
  migrate();
  const auto as_the_role = [&](const std::string& sql) {
    return database_.run("set role " + role + "; " + sql);
  };
  as_the_role("insert into conversations default values");
  const auto id = ids_of_conversations(database_, "true").at(0);
  as_the_role(insert_message(id, "1") + ";" + insert_message(id, "2"));
  as_the_role("select * from conversations, messages");
  EXPECT_EQ(
      database_.value("select string_agg(seq || '=' || content, ' ' order by seq) from messages"),
      "1=1 2=2");
  expect_numbered();
  database_.run("drop owned by " + role + "; drop role " + role);
}

TEST_F(EarlierStore, MayDeleteWhatItHasJustInserted) {
  make_plain_schema(database_);
  migrate();
  database_.run("insert into conversations default values");
  const auto id = ids_of_conversations(database_, "true").at(0);
  database_.run(insert_message(id, "1") + ";" + insert_message(id, "gone") + ";" +
                insert_message(id, "2") + "; delete from messages where content = 'gone'");
  EXPECT_EQ(
      database_.value("select string_agg(seq || '=' || content, ' ' order by seq) from messages"),
      "1=1 2=2");
  expect_numbered();
  database_.run(insert_message(id, "3") + "; delete from conversations");
  EXPECT_EQ(database_.value("select count(*) from messages"), "0");
}

}  // namespace
}  // namespace hwlab::test
