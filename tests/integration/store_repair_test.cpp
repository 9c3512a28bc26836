// Are conversations that do not agree with their messages found and mended, and the others left
// alone?
#include "store/repair.h"

#include "store/session_maker.h"
#include "tests/support/earlier_writer.h"
#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

using store::Kind;

// A row of pg_stat_user_tables is late; xmin changes with every write to the row.
std::string versions_of_rows(const Database& database) {
  return database.value(
      "select coalesce(string_agg(id || ' ' || xmin::text, ',' order by id), '') from "
      "conversations");
}

class Repair : public StoreTest {
 protected:
  store::Repaired repair(store::Deadline deadline = soon()) {
    return store::repair(pool_, "public", deadline);
  }

  // With the messages "1", "2" and "3".
  std::string conversation_of_three() {
    const auto id = new_conversation();
    append(id, {message("1"), message("2"), message("3")});
    return store::to_text(id);
  }

  // What a trigger would do is left out, as after a data-only restore with disabled triggers.
  void insert_without_number(const std::string& conversation, const std::string& content) {
    database_.run("set session_replication_role = replica; " +
                  insert_message(conversation, content));
  }

  [[nodiscard]] std::string thread_of(const std::string& conversation) const {
    return database_.value(
        "select string_agg(seq || '=' || content, ' ' order by seq) from messages where "
        "conversation_id = '" +
        conversation + "'");
  }

  store::Pool pool_{
      store::PoolOptions{},
      store::SessionMaker(database_.source(), true, std::chrono::seconds(15), no_log()), no_log()};
};

TEST_F(Repair, TouchesNothingThatIsRight) {
  conversation_of_three();
  new_conversation();
  // As after the deletion of the last message by the store itself: last_seq stays.
  const auto shortened = conversation_of_three();
  database_.run(
      "delete from messages where seq = 3 and conversation_id = '" + shortened +
      "'; update conversations set message_count = 2, active_at = (select max(created_at) from "
      "messages where conversation_id = conversations.id) where id = '" +
      shortened + "'");
  database_.run(
      "update conversations set active_hour = floor(extract(epoch from active_at) / "
      "3600)::integer");
  const auto before = versions_of_rows(database_);
  const auto done = repair();
  EXPECT_EQ(done.examined, 3);
  EXPECT_EQ(done.mended, 0);
  EXPECT_EQ(versions_of_rows(database_), before);
}

TEST_F(Repair, MendsEachCounterThatIsWrong) {
  const auto right =
      "last_seq = 3 and message_count = 3 and active_at = (select max(created_at) from messages "
      "where conversation_id = conversations.id) and active_hour = floor(extract(epoch from "
      "active_at) / 3600)::integer";
  conversation_of_three();
  for (const char* const wrong :
       {"last_seq = 1", "message_count = 7", "active_at = 'epoch'", "active_hour = 0"}) {
    SCOPED_TRACE(wrong);
    database_.run(std::string("update conversations set ") + wrong);
    const auto done = repair();
    EXPECT_EQ(done.examined, 1);
    EXPECT_EQ(done.mended, 1);
    EXPECT_EQ(database_.value(std::string("select ") + right + " from conversations"), "t");
    EXPECT_EQ(repair().mended, 0) << "the second time nothing is wrong";
  }
}

TEST_F(Repair, GivesAConversationWithoutMessagesItsStart) {
  const auto id = conversation_of_three();
  database_.run("delete from messages");
  EXPECT_EQ(repair().mended, 1);
  EXPECT_EQ(database_.value("select message_count = 0 and last_seq = 3 and active_at = started_at "
                            "from conversations"),
            "t");
}

TEST_F(Repair, PutsMessagesWithoutANumberBehindTheOthers) {
  const auto id = conversation_of_three();
  insert_without_number(id, "4");
  insert_without_number(id, "5");
  EXPECT_EQ(repair().mended, 1);
  EXPECT_EQ(thread_of(id), "1=1 2=2 3=3 4=4 5=5");
  EXPECT_EQ(append(store::parse_uuid(id).value(), {message("6")}, 5).messages[0].seq, 6);
}

TEST_F(Repair, NeverGivesANumberTwice) {
  const auto id = conversation_of_three();
  database_.run("delete from messages where seq = 3");
  insert_without_number(id, "another");
  EXPECT_EQ(repair().mended, 1);
  EXPECT_EQ(thread_of(id), "1=1 2=2 4=another");
}

TEST_F(Repair, MakesAConversationUsableWhoseCounterFellBehind) {
  const auto id = conversation_of_three();
  database_.run("update conversations set last_seq = 1");
  EXPECT_EQ(error_of([&] { append(store::parse_uuid(id).value(), {message("4")}); }).kind(),
            Kind::internal);
  repair();
  append(store::parse_uuid(id).value(), {message("4")});
  EXPECT_EQ(thread_of(id), "1=1 2=2 3=3 4=4");
}

TEST_F(Repair, LooksAtEveryConversationOfMany) {
  new_conversation();
  database_.run(
      "insert into conversations (model) select 'x' from generate_series(1, 1000) i; update "
      "conversations set message_count = 1 where id in (select id from conversations where model = "
      "'x' limit 333)");
  const auto done = repair();
  EXPECT_EQ(done.examined, 1001);
  EXPECT_EQ(done.mended, 333);
  EXPECT_EQ(repair().mended, 0);
}

TEST_F(Repair, WorksWhileOthersWrite) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(conversation_of_three());
  EarlierWriter writer(
      database_, std::chrono::milliseconds(0),
      [&, i = std::size_t{0}](pqxx::connection& connection) mutable {
        pqxx::nontransaction(connection).exec(insert_message(ids[i++ % ids.size()]));
      });
  for (int round = 0; round < 20; ++round) {
    database_.run("update conversations set message_count = message_count + 1000 where id = '" +
                  ids[0] + "'");
    repair();
  }
  wait_for(writer, writer.done() + 5);
  expect_no_failure(writer);
  EXPECT_EQ(repair().mended, 0);
  EXPECT_EQ(database_.value(
                "select count(*) from conversations c where (message_count, last_seq) is distinct "
                "from (select (count(*), max(seq)) from messages where conversation_id = c.id)"),
            "0");
}

TEST_F(Repair, SaysHowFarItCameByItsDeadline) {
  const auto id = conversation_of_three();
  database_.run("update conversations set message_count = 7");
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select from conversations for update");
  const auto error = error_of([&] { repair(store::Deadline::in(std::chrono::milliseconds(300))); });
  EXPECT_EQ(error.kind(), Kind::timeout);
  EXPECT_EQ(std::string(error.what()),
            "0 conversations were examined and 0 of them mended by the deadline: repeat it with a "
            "longer one");
  holder.abort();
  EXPECT_EQ(repair().mended, 1);
}

}  // namespace
}  // namespace hwlab::test
