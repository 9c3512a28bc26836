// Does the schema come to be what it should, whatever was there before and whoever migrates?
#include <thread>

#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

using store::Kind;
using store::MigrateMode;

const int newest = static_cast<int>(store::embedded_migrations().size());

class Migrate : public testing::Test {
 protected:
  static store::StoreOptions options(MigrateMode mode = MigrateMode::automatic,
                                     const std::string& schema = "public") {
    store::StoreOptions options;
    options.migrate = mode;
    options.schema_name = schema;
    return options;
  }
  static void call(store::Store& store) { store.list(store::Order::started, "", 1, soon()); }

  Database database_;
};

TEST_F(Migrate, RunsOnTheFirstCallAndOnlyThen) {
  store::Store store(options(), database_.source(), no_log());
  store.verify(soon());
  EXPECT_EQ(database_.value("select to_regclass('conversations')"), "") << "not on load";
  call(store);
  EXPECT_EQ(database_.value("select count(*) from hwlab_schema_migrations"),
            std::to_string(newest));
}

TEST_F(Migrate, ChangesNothingTheSecondTime) {
  {
    store::Store store(options(), database_.source(), no_log());
    call(store);
  }
  const auto before = database_.value("select max(applied_at) from hwlab_schema_migrations");
  store::Store store(options(), database_.source(), no_log());
  call(store);
  EXPECT_TRUE(store.migrate(soon()).applied.empty());
  EXPECT_EQ(database_.value("select max(applied_at) from hwlab_schema_migrations"), before);
}

TEST_F(Migrate, SaysWhatItApplied) {
  store::Store store(options(MigrateMode::verify), database_.source(), no_log());
  const auto migrated = store.migrate(soon());
  ASSERT_EQ(migrated.applied.size(), static_cast<std::size_t>(newest));
  EXPECT_EQ(migrated.applied.front()->name, "base_tables");
  EXPECT_EQ(migrated.version, newest);
}

TEST_F(Migrate, RefusesCallsWhenItMayOnlyVerify) {
  store::Store store(options(MigrateMode::verify), database_.source(), no_log());
  const auto error = error_of([&] { call(store); });
  EXPECT_EQ(error.kind(), Kind::config);
  EXPECT_NE(std::string(error.what()).find("hwlab-host migrate"), std::string::npos);
  EXPECT_EQ(database_.value("select to_regclass('conversations')"), "");
  store.migrate(soon());
  call(store);
}

TEST_F(Migrate, WorksInASchemaWithAnyName) {
  const std::string name = "lab \"7\"; drop";
  store::Store store(options(MigrateMode::automatic, name), database_.source(), no_log());
  call(store);
  EXPECT_EQ(database_.value("select count(*) from pg_tables where schemaname = 'lab \"7\"; drop'"),
            "3");
  EXPECT_EQ(database_.value("select count(*) from pg_tables where schemaname = 'public'"), "0");
}

TEST_F(Migrate, HappensOnceWhenManyCallAtTheSameTime) {
  constexpr int stores = 4;
  constexpr int callers = 4;
  std::vector<std::unique_ptr<store::Store>> open;
  for (int i = 0; i < stores; ++i)
    open.push_back(std::make_unique<store::Store>(options(), database_.source(), no_log()));
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (auto& store : open)
      for (int i = 0; i < callers; ++i)
        threads.emplace_back([&] {
          try {
            call(*store);
          } catch (const std::exception&) {
            ++failed;
          }
        });
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(database_.value("select count(*) from hwlab_schema_migrations"),
            std::to_string(newest));
  EXPECT_EQ(database_.value("select count(*) from pg_index where not indisvalid"), "0");
}

TEST_F(Migrate, AdoptsTheTablesOfAnEarlierStore) {
  make_plain_schema(database_);
  // Ties in created_at, conversations without messages, and times that go back.
  database_.run(
      "insert into conversations (started_at) select now() - i * interval '1 hour' from "
      "generate_series(1, 100) i;"
      "insert into messages (conversation_id, role, content, created_at) select c.id, 'user', "
      "i::text, timestamptz '2026-01-01' + (i / 3) * interval '1 second' from generate_series(1, "
      "200) i, (select id from conversations order by id limit 50) c");
  store::Store store(options(), database_.source(), no_log());
  call(store);
  EXPECT_EQ(database_.value("select count(*) from messages"), "10000");
  EXPECT_EQ(database_.value(
                "select bool_and(seq = place) from (select seq, row_number() over (partition by "
                "conversation_id order by created_at, id) as place from messages) m"),
            "t");
  EXPECT_EQ(
      database_.value("select bool_and(c.message_count = m.messages and c.last_seq = m.messages) "
                      "from conversations c, lateral (select count(*) as messages from messages "
                      "where conversation_id = c.id) m"),
      "t");
  EXPECT_EQ(database_.value("select bool_and(active_at = coalesce((select max(created_at) from "
                            "messages where conversation_id = c.id), started_at)) from "
                            "conversations c"),
            "t");
}

TEST_F(Migrate, LetsAnEarlierStoreWriteOn) {
  store::Store store(options(), database_.source(), no_log());
  call(store);
  database_.run("insert into conversations (model) values ('old')");
  database_.run(
      "insert into messages (conversation_id, role, content) select id, 'user', 'one' from "
      "conversations; insert into messages (conversation_id, role, content) select id, "
      "'assistant', 'two' from conversations");
  EXPECT_EQ(database_.value("select string_agg(seq || content, ' ' order by seq) from messages"),
            "1one 2two");
  const auto listing = store.list(store::Order::active, "", 10, soon());
  ASSERT_EQ(listing.conversations.size(), 1U);
  EXPECT_EQ(listing.conversations[0].message_count, 2);

  const auto id = store::parse_uuid(listing.conversations[0].id).value();
  const auto appended = store.append({.conversation = id,
                                      .messages = {{.id = store::new_uuid(),
                                                    .role = "user",
                                                    .content = "three",
                                                    .metadata = std::nullopt,
                                                    .created_at = std::nullopt}},
                                      .expected_seq = 2},
                                     soon());
  EXPECT_EQ(appended.messages[0].seq, 3);
}

TEST_F(Migrate, GivesAnEarlierStoreTheErrorItKnowsForAMissingConversation) {
  store::Store store(options(), database_.source(), no_log());
  call(store);
  EXPECT_EQ(database_.sqlstate_of("insert into messages (conversation_id, role, content) values "
                                  "(gen_random_uuid(), 'user', 'x')"),
            "23503");
}

TEST_F(Migrate, RefusesTablesThatAreNotAConversationStores) {
  database_.run("create table messages (id serial primary key, body text)");
  store::Store store(options(), database_.source(), no_log());
  const auto error = error_of([&] { call(store); });
  EXPECT_EQ(error.kind(), Kind::config);
  EXPECT_NE(std::string(error.what()).find("'messages'"), std::string::npos) << error.what();
  EXPECT_EQ(database_.value("select to_regclass('hwlab_schema_migrations')"), "");
}

TEST_F(Migrate, RefusesASchemaOfANewerPlugin) {
  store::Store first(options(), database_.source(), no_log());
  call(first);
  database_.run(
      "insert into hwlab_schema_migrations (version, name, sha256) values (999, 'x', "
      "'y')");
  store::Store store(options(), database_.source(), no_log());
  const auto error = error_of([&] { call(store); });
  EXPECT_EQ(error.kind(), Kind::config);
  EXPECT_NE(std::string(error.what()).find("newer"), std::string::npos) << error.what();
}

TEST_F(Migrate, RefusesAMigrationThatWasEdited) {
  store::Store first(options(), database_.source(), no_log());
  call(first);
  database_.run("update hwlab_schema_migrations set sha256 = repeat('0', 64) where version = 3");
  store::Store store(options(), database_.source(), no_log());
  const auto error = error_of([&] { call(store); });
  EXPECT_EQ(error.kind(), Kind::config);
  EXPECT_NE(std::string(error.what()).find("migration 3"), std::string::npos) << error.what();
}

TEST_F(Migrate, GoesOnWhenTheFirstCallerHasGone) {
  make_plain_schema(database_);
  store::Store store(options(), database_.source(), no_log());
  pqxx::connection other(database_.dsn());
  {
    pqxx::work holder(other);
    holder.exec("lock table conversations in access share mode");
    const auto error = error_of([&] {
      store.list(store::Order::started, "", 1, store::Deadline::in(std::chrono::milliseconds(100)));
    });
    EXPECT_EQ(error.kind(), Kind::timeout);
    EXPECT_NE(std::string(error.what()).find("still being migrated"), std::string::npos);
  }
  call(store);
  EXPECT_EQ(database_.value("select count(*) from hwlab_schema_migrations"),
            std::to_string(newest));
}

TEST_F(Migrate, IsCutOffWhenTheStoreIsClosed) {
  make_plain_schema(database_);
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("lock table conversations in access share mode");
  store::Store store(options(), database_.source(), no_log());
  EXPECT_EQ(error_of([&] {
              store.list(store::Order::started, "", 1,
                         store::Deadline::in(std::chrono::milliseconds(100)));
            }).kind(),
            Kind::timeout);
  const auto start = store::Deadline::Clock::now();
  store.stop();
  EXPECT_LT(store::Deadline::Clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace hwlab::test
