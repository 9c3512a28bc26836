// Is what is appended stored once, in order, and found again?
#include <atomic>
#include <thread>

#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

using store::Kind;

class Append : public StoreTest {};

TEST_F(Append, NumbersTheMessagesOfAConversationFromOne) {
  const auto conversation = new_conversation();
  EXPECT_EQ(append(conversation, {message("one")}).messages[0].seq, 1);
  EXPECT_EQ(append(conversation, {message("two", "assistant")}).messages[0].seq, 2);
  const auto other = new_conversation();
  EXPECT_EQ(append(other, {message("one")}).messages[0].seq, 1);
}

TEST_F(Append, GivesConsecutiveNumbersInTheOrderOfTheRequest) {
  const auto conversation = new_conversation();
  append(conversation, {message("first")});
  std::vector<store::NewMessage> batch;
  for (const char* text : {"a", "b", "c", "d"})
    batch.push_back(message(text));
  const auto appended = append(conversation, batch);
  ASSERT_EQ(appended.messages.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(appended.messages[i].seq, static_cast<std::int64_t>(i) + 2);
  EXPECT_EQ(database_.value("select string_agg(content, '' order by seq) from messages"),
            "firstabcd");
}

TEST_F(Append, OrdersABatchByTimeToo) {
  const auto conversation = new_conversation();
  append(conversation, {message("a"), message("b"), message("c")});
  // For readers that know no seq.
  EXPECT_EQ(database_.value("select string_agg(content, '' order by created_at) from messages"),
            "abc");
}

TEST_F(Append, KeepsTheCountersOfTheConversation) {
  const auto conversation = new_conversation();
  append(conversation, {message("a"), message("b")});
  append(conversation, {message("c")});
  EXPECT_EQ(database_.value("select message_count || ' ' || last_seq from conversations"), "3 3");
  EXPECT_EQ(database_.value("select active_at = (select max(created_at) from messages) and "
                            "active_hour = floor(extract(epoch from active_at) / 3600) from "
                            "conversations"),
            "t");
}

TEST_F(Append, TakesTheCallersTime) {
  const auto conversation = new_conversation();
  auto old = message("from an import");
  old.created_at = 1'000'000'000'123'456;
  EXPECT_EQ(append(conversation, {old}).messages[0].created_at, 1'000'000'000'123'456);
  auto later = message("later");
  later.created_at = 1'000'000'001'000'000;
  // The last microsecond that is taken: floating point would make it the first one of year 10000.
  auto last = message("last");
  last.created_at = 253'402'300'799'999'999;
  EXPECT_EQ(append(new_conversation(), {last}).messages[0].created_at, *last.created_at);
  last.id = store::new_uuid();
  EXPECT_EQ(append(new_conversation(), {message("x"), last}).messages[1].created_at,
            *last.created_at);
  const auto both = append(conversation, {later, message("now")});
  EXPECT_EQ(both.messages[0].created_at, 1'000'000'001'000'000);
  EXPECT_EQ(database_.value("select extract(epoch from created_at) from messages where seq = 1"),
            "1000000000.123456");
}

TEST_F(Append, ReturnsTheStoredRowWhenTheSameIdIsSentTwice) {
  const auto conversation = new_conversation();
  const auto hello = message("hello");
  const auto first = append(conversation, {hello});
  append(conversation, {message("something else")});
  const auto again = append(conversation, {hello});
  EXPECT_FALSE(first.existed);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.messages[0].seq, first.messages[0].seq);
  EXPECT_EQ(again.messages[0].created_at, first.messages[0].created_at);
  EXPECT_EQ(database_.value("select message_count || ' ' || last_seq from conversations"), "2 2");
}

TEST_F(Append, ReturnsTheStoredBatchWhenItIsSentTwice) {
  const auto conversation = new_conversation();
  const std::vector<store::NewMessage> turn = {message("question"), message("answer", "assistant")};
  append(conversation, turn);
  const auto again = append(conversation, turn);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.messages[1].seq, 2);
  EXPECT_EQ(database_.value("select count(*) from messages"), "2");
}

TEST_F(Append, RefusesAnIdThatStandsForAnotherMessage) {
  const auto conversation = new_conversation();
  const auto hello = message("hello");
  append(conversation, {hello});
  auto changed = hello;
  changed.content = "goodbye";
  EXPECT_EQ(error_of([&] { append(conversation, {changed}); }).kind(), Kind::conflict);
  changed = hello;
  changed.role = "assistant";
  EXPECT_EQ(error_of([&] { append(conversation, {changed}); }).kind(), Kind::conflict);
  changed = hello;
  changed.metadata = "{}";
  EXPECT_EQ(error_of([&] { append(conversation, {changed}); }).kind(), Kind::conflict);
  EXPECT_EQ(error_of([&] { append(new_conversation(), {hello}); }).kind(), Kind::conflict)
      << "it stands in another conversation";
  EXPECT_EQ(database_.value("select count(*) from messages"), "1");
}

TEST_F(Append, ComparesMetadataByMeaning) {
  const auto conversation = new_conversation();
  auto hello = message("hello");
  hello.metadata = R"({"a": 1, "b": [true]})";
  append(conversation, {hello});
  hello.metadata = R"({"b":[true],"a":1})";
  EXPECT_TRUE(append(conversation, {hello}).existed);
}

TEST_F(Append, RefusesABatchOfWhichAPartIsStored) {
  const auto conversation = new_conversation();
  const auto hello = message("hello");
  append(conversation, {hello});
  EXPECT_EQ(error_of([&] {
              append(conversation, {hello, message("new")});
            }).kind(),
            Kind::conflict);
  EXPECT_EQ(database_.value("select count(*) || ' ' || (select last_seq from conversations) from "
                            "messages"),
            "1 1");
}

TEST_F(Append, SaysThatThereIsNoSuchConversation) {
  const auto error = error_of([&] { append(store::new_uuid(), {message("hello")}); });
  EXPECT_EQ(error.kind(), Kind::not_found);
  EXPECT_NE(std::string(error.what()).find("no conversation"), std::string::npos);
  EXPECT_EQ(error_of([&] {
              append(store::new_uuid(), {message("a"), message("b")});
            }).kind(),
            Kind::not_found);
}

TEST_F(Append, LeavesTheRoleToTheTablesCheckInTheEnd) {
  const auto conversation = new_conversation();
  EXPECT_EQ(error_of([&] { append(conversation, {message("hello", "root")}); }).kind(),
            Kind::invalid);
  EXPECT_EQ(database_.value("select count(*) || ' ' || (select last_seq from conversations) from "
                            "messages"),
            "0 0");
  EXPECT_EQ(database_.sqlstate_of("insert into messages (conversation_id, role, content) select "
                                  "id, 'root', 'x' from conversations"),
            "23514");
}

TEST_F(Append, TakesTheExpectedSeqOnly) {
  const auto conversation = new_conversation();
  EXPECT_EQ(append(conversation, {message("a")}, 0).messages[0].seq, 1);
  EXPECT_EQ(append(conversation, {message("b")}, 1).messages[0].seq, 2);
  const auto error = error_of([&] { append(conversation, {message("c")}, 1); });
  EXPECT_EQ(error.kind(), Kind::conflict);
  EXPECT_EQ(error.actual_seq(), 2);
  EXPECT_EQ(error_of([&] {
              append(conversation, {message("c"), message("d")}, 0);
            }).actual_seq(),
            2);
  EXPECT_EQ(database_.value("select count(*) from messages"), "2");
}

TEST_F(Append, DoesNotConflictWithItselfWhenAnExpectedSeqIsRepeated) {
  const auto conversation = new_conversation();
  const auto hello = message("hello");
  append(conversation, {hello}, 0);
  append(conversation, {message("next")});
  EXPECT_TRUE(append(conversation, {hello}, 0).existed);
}

TEST_F(Append, StoresEveryCharacterAsItIs) {
  const auto conversation = new_conversation();
  std::string text =
      "quotes ' \" \\ \\n {NULL} %_ $1 -- ; emoji \U0001F9EA \u00e4\u00df\u4e2d\r\n\t";
  std::string large;
  while (large.size() < (std::size_t{16} << 20))
    large += text;
  large.resize(std::size_t{16} << 20);
  while ((static_cast<unsigned char>(large.back()) & 0xc0U) == 0x80U || large.back() == '\xf0' ||
         static_cast<unsigned char>(large.back()) >= 0xc0U)
    large.pop_back();  // not in the middle of a character
  append(conversation, {message(large)});
  append(conversation, {message(text), message(large)});
  const auto thread = store_.thread(conversation, {}, soon());
  ASSERT_EQ(thread.messages.size(), 3U);
  EXPECT_TRUE(thread.messages[0].content == large);
  EXPECT_EQ(thread.messages[1].content, text);
  EXPECT_TRUE(thread.messages[2].content == large);
}

TEST_F(Append, CreatesAConversationOnce) {
  const auto id = store::new_uuid();
  const store::NewConversation conversation{
      .id = id, .model = "llama3", .title = "A title", .metadata = R"({"lab": 7})"};
  const auto first = store_.create(conversation, soon());
  const auto again = store_.create(conversation, soon());
  EXPECT_FALSE(first.existed);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.started_at, first.started_at);
  auto other = conversation;
  other.model = "another";
  EXPECT_EQ(error_of([&] { store_.create(other, soon()); }).kind(), Kind::conflict);
  EXPECT_EQ(database_.value("select count(*) from conversations"), "1");
}

TEST_F(Append, LeavesNoGapWhenManyAppendToOneConversation) {
  const auto conversation = new_conversation();
  constexpr int callers = 16;
  constexpr int each = 20;
  std::atomic<int> failed{0};
  std::vector<std::jthread> threads;
  for (int caller = 0; caller < callers; ++caller)
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        try {
          append(conversation, {message("x")});
        } catch (const std::exception&) {
          ++failed;
        }
      }
    });
  threads.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(database_.value("select count(*) || ' ' || min(seq) || ' ' || max(seq) || ' ' || "
                            "count(distinct seq) from messages"),
            "320 1 320 320");
  EXPECT_EQ(database_.value("select message_count from conversations"), "320");
}

TEST_F(Append, GivesUpAtTheDeadlineWhenSomebodyHoldsTheConversation) {
  const auto conversation = new_conversation();
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select * from conversations for update");
  const auto start = store::Deadline::Clock::now();
  const auto error = error_of([&] {
    store_.append({.conversation = conversation,
                   .messages = {message("hello")},
                   .expected_seq = std::nullopt},
                  store::Deadline::in(std::chrono::milliseconds(300)));
  });
  const auto took = store::Deadline::Clock::now() - start;
  EXPECT_EQ(error.kind(), Kind::timeout);
  EXPECT_TRUE(error.maybe_applied()) << "it was sent";
  EXPECT_GE(took, std::chrono::milliseconds(300));
  EXPECT_LT(took, std::chrono::seconds(5));
}

}  // namespace
}  // namespace hwlab::test
