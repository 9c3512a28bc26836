// Does the schema come to be what it should, whatever was there before and whoever migrates?
#include <thread>

#include "tests/support/numbered.h"
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
  // 10,000 messages in 50 of 100 conversations, of very different length. Times tie within
  // conversations and across them, and are in no order of insertion. The contents are all
  // characters there are, a hundred in each message.
  database_.run(
      "insert into conversations (started_at, model) select now() - (i / 2) * interval '1 hour', "
      "case i % 3 when 0 then '' else "
      "'llama3' end from generate_series(1, 100) i;"
      "create temp table place as select id, row_number() over (order by id) as n from "
      "conversations;"
      "insert into messages (conversation_id, role, content, created_at) select p.id, "
      "(array['user', "
      "'assistant', 'system'])[1 + i % 3], coalesce((select string_agg(chr(c), '' order by c) from "
      "generate_series(i * 112 + 1, i * 112 + 112) c where c not between 55296 and 57343 and c < "
      "1114112), '') || '!', timestamptz '2026-01-01' + (i * 7919 % 500) * interval '1 second' "
      "from "
      "generate_series(0, 9999) i join place p on p.n = 1 + floor(sqrt(i % 2500))");
  const auto fingerprint = [&] {
    return database_.value(
               "select md5(string_agg(concat_ws('|', id, conversation_id, role, md5(content), "
               "created_at), ' ' order by id)) from messages") +
           database_.value(
               "select md5(string_agg(concat_ws('|', id, started_at, model), ' ' order by id)) "
               "from conversations");
  };
  const auto before = fingerprint();
  ASSERT_EQ(database_.value("select count(*) from messages"), "10000");
  ASSERT_EQ(database_.value("select max(n) > 1 from (select count(*) as n from messages group by "
                            "conversation_id, created_at) ties"),
            "t");
  store::Store store(options(), database_.source(), no_log());
  call(store);
  EXPECT_EQ(fingerprint(), before) << "nothing lost, nothing changed";
  expect_everything_numbered(database_);
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

// An application's role, without any right but those of docs/migrations.md.
class MigrateAsARole : public Migrate {
 protected:
  void SetUp() override { database_.run("create role " + role_ + " login"); }
  void TearDown() override { database_.run("drop owned by " + role_ + "; drop role " + role_); }

  [[nodiscard]] store::Store::ConnectionSource source_of_the_role() const {
    return [as_admin = database_.source(), role = role_] {
      auto options = as_admin();
      options.emplace_back("user", role);
      return options;
    };
  }

  const std::string role_ = database_.name() + "_app";
};

TEST_F(MigrateAsARole, NeedsNoRightToChangeTablesWhenItOnlyVerifies) {
  store::Store owner(options(), database_.source(), no_log());
  owner.migrate(soon());
  database_.run("grant select, insert, update on conversations, messages to " + role_ +
                "; grant select on hwlab_schema_migrations to " + role_);
  store::Store store(options(MigrateMode::verify), source_of_the_role(), no_log());
  const store::Uuid id = store::new_uuid();
  store.create({.id = id, .model = "", .title = std::nullopt, .metadata = std::nullopt}, soon());
  store.append({.conversation = id,
                .messages = {{.id = store::new_uuid(),
                              .role = "user",
                              .content = "hello",
                              .metadata = std::nullopt,
                              .created_at = std::nullopt}},
                .expected_seq = std::nullopt},
               soon());
  EXPECT_EQ(store.list(store::Order::active, "", 10, soon()).conversations.size(), 1U);
}

TEST_F(MigrateAsARole, SaysWhoHasToMigrateWhenTheRoleMayNot) {
  make_plain_schema(database_);
  database_.run("grant select, insert on conversations, messages to " + role_);
  store::Store store(options(), source_of_the_role(), no_log());
  const auto error = error_of([&] { call(store); });
  EXPECT_EQ(error.kind(), Kind::permission);
  EXPECT_NE(
      std::string(error.what()).find("run 'hwlab-host migrate' with a DSN of the schema's owner"),
      std::string::npos)
      << error.what();
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
