// Does what is read back show what is stored, in order, and page by page?
#include <limits>
#include <set>

#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

using store::Kind;
using store::Order;

class Read : public StoreTest {
 protected:
  std::vector<std::int64_t> seqs(const store::Thread& thread) {
    std::vector<std::int64_t> found;
    for (const store::Message& each : thread.messages)
      found.push_back(each.seq);
    return found;
  }
  store::Uuid conversation_of(int messages) {
    const auto conversation = new_conversation();
    std::vector<store::NewMessage> batch;
    for (int i = 0; i < messages; ++i)
      batch.push_back(message("x"));
    append(conversation, batch);
    return conversation;
  }
  std::vector<std::string> all_pages(Order order, std::uint32_t limit) {
    std::vector<std::string> ids;
    std::string cursor;
    do {
      const auto page = store_.list(order, cursor, limit, soon());
      for (const auto& conversation : page.conversations)
        ids.emplace_back(conversation.id);
      cursor = page.next_cursor.value_or("");
    } while (!cursor.empty());
    return ids;
  }
};

TEST_F(Read, SaysThatThereIsNoSuchConversation) {
  EXPECT_EQ(error_of([&] { store_.thread(store::new_uuid(), {}, soon()); }).kind(),
            Kind::not_found);
}

TEST_F(Read, GivesAConversationWithoutMessages) {
  const auto id = store::new_uuid();
  store_.create({.id = id, .model = "llama3", .title = "T", .metadata = R"({"a":1})"}, soon());
  const auto thread = store_.thread(id, {}, soon());
  EXPECT_TRUE(thread.messages.empty());
  EXPECT_EQ(thread.conversation.id, store::to_text(id));
  EXPECT_EQ(thread.conversation.model, "llama3");
  EXPECT_EQ(thread.conversation.title, "T");
  EXPECT_EQ(thread.conversation.metadata, R"({"a": 1})");
  EXPECT_EQ(thread.conversation.message_count, 0);
  EXPECT_FALSE(thread.conversation.last_message_at.has_value());
}

TEST_F(Read, GivesTheWholeThreadInOrder) {
  const auto conversation = new_conversation();
  auto question = message("question");
  question.metadata = R"({"tokens": 3})";
  append(conversation, {question});
  append(conversation, {message("", "assistant"), message("and", "system")});
  const auto thread = store_.thread(conversation, {}, soon());
  ASSERT_EQ(thread.messages.size(), 3U);
  EXPECT_EQ(thread.messages[0].id, store::to_text(question.id));
  EXPECT_EQ(thread.messages[0].role, "user");
  EXPECT_EQ(thread.messages[0].metadata, R"({"tokens": 3})");
  EXPECT_EQ(thread.messages[1].content, "");
  EXPECT_FALSE(thread.messages[1].metadata.has_value());
  EXPECT_EQ(thread.messages[2].role, "system");
  EXPECT_EQ(thread.conversation.last_message_at, thread.messages[2].created_at);
  EXPECT_EQ(thread.conversation.last_seq, 3);
}

TEST_F(Read, GivesTimesToTheMicrosecondHoweverFarAway) {
  const auto conversation = conversation_of(4);
  // As an earlier store may have done.
  database_.run(
      "update messages set created_at = case seq when 1 then timestamptz '4713-01-01 00:00:00+00 "
      "BC'"
      " when 2 then timestamptz '1999-12-31 23:59:59.999999+00'"
      " when 3 then timestamptz '294246-01-01 00:00:00.000001+00'"
      " else timestamptz 'infinity' end");
  const auto thread = store_.thread(conversation, {}, soon());
  ASSERT_EQ(thread.messages.size(), 4U);
  EXPECT_EQ(thread.messages[0].created_at, -210'863'520'000'000'000);
  EXPECT_EQ(thread.messages[1].created_at, 946'684'799'999'999);
  EXPECT_EQ(thread.messages[2].created_at, 9'223'339'708'800'000'001);
  EXPECT_EQ(thread.messages[3].created_at, std::numeric_limits<store::Micros>::max());
}

TEST_F(Read, GivesThePartThatIsWanted) {
  const auto conversation = conversation_of(10);
  using Seqs = std::vector<std::int64_t>;
  const auto part = [&](store::ThreadRange range) {
    return store_.thread(conversation, range, soon());
  };
  EXPECT_EQ(seqs(part({.after_seq = 7, .before_seq = {}, .first = {}, .last = {}})),
            (Seqs{8, 9, 10}));
  EXPECT_EQ(seqs(part({.after_seq = 0, .before_seq = 3, .first = {}, .last = {}})), (Seqs{1, 2}));
  EXPECT_EQ(seqs(part({.after_seq = 2, .before_seq = 6, .first = {}, .last = {}})),
            (Seqs{3, 4, 5}));
  EXPECT_TRUE(seqs(part({.after_seq = 10, .before_seq = {}, .first = {}, .last = {}})).empty());

  const auto first = part({.after_seq = 3, .before_seq = {}, .first = 2, .last = {}});
  EXPECT_EQ(seqs(first), (Seqs{4, 5}));
  EXPECT_TRUE(first.cut);
  const auto rest = part({.after_seq = 8, .before_seq = {}, .first = 2, .last = {}});
  EXPECT_EQ(seqs(rest), (Seqs{9, 10}));
  EXPECT_FALSE(rest.cut);

  const auto last = part({.after_seq = 0, .before_seq = {}, .first = {}, .last = 3});
  EXPECT_EQ(seqs(last), (Seqs{8, 9, 10}));
  EXPECT_TRUE(last.cut);
  const auto before = part({.after_seq = 0, .before_seq = 3, .first = {}, .last = 3});
  EXPECT_EQ(seqs(before), (Seqs{1, 2}));
  EXPECT_FALSE(before.cut);
}

TEST_F(Read, ListsTheNewestFirstWithCounts) {
  const auto first = new_conversation("one");
  const auto second = new_conversation("two");
  append(first, {message("a"), message("b")});
  const auto by_start = store_.list(Order::started, "", 100, soon());
  ASSERT_EQ(by_start.conversations.size(), 2U);
  EXPECT_EQ(by_start.conversations[0].id, store::to_text(second));
  EXPECT_EQ(by_start.conversations[0].message_count, 0);
  EXPECT_FALSE(by_start.conversations[0].last_message_at.has_value());
  EXPECT_EQ(by_start.conversations[1].message_count, 2);
  EXPECT_TRUE(by_start.conversations[1].last_message_at.has_value());
  EXPECT_FALSE(by_start.next_cursor.has_value());

  const auto by_activity = store_.list(Order::active, "", 100, soon());
  EXPECT_EQ(by_activity.conversations[0].id, store::to_text(first));
}

TEST_F(Read, PagesThroughEveryConversationOnce) {
  store_.list(Order::started, "", 1, soon());  // migrates
  // Many share a time, and some an hour: the id decides then.
  database_.run(
      "insert into conversations (started_at) select timestamptz '2026-01-01' + (i / 7) * interval "
      "'10 minutes' from generate_series(1, 100) i");
  for (const Order order : {Order::started, Order::active}) {
    const auto ids = all_pages(order, 9);
    EXPECT_EQ(ids.size(), 100U);
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 100U);
    const std::string at = order == Order::started ? "started_at" : "active_at";
    EXPECT_EQ(ids.front(), database_.value("select id from conversations order by " + at +
                                           " desc, id desc limit 1"));
    EXPECT_EQ(ids.back(),
              database_.value("select id from conversations order by " + at + ", id limit 1"));
  }
}

TEST_F(Read, KeepsItsPlaceWhileConversationsAreAdded) {
  for (int i = 0; i < 4; ++i)
    new_conversation();
  const auto page = store_.list(Order::started, "", 2, soon());
  ASSERT_TRUE(page.next_cursor.has_value());
  new_conversation();
  const auto next = store_.list(Order::started, *page.next_cursor, 10, soon());
  EXPECT_EQ(next.conversations.size(), 2U);
}

TEST_F(Read, GivesNoCursorWhenThePageIsTheLastOne) {
  for (int i = 0; i < 3; ++i)
    new_conversation();
  EXPECT_FALSE(store_.list(Order::started, "", 3, soon()).next_cursor.has_value());
  EXPECT_TRUE(store_.list(Order::started, "", 2, soon()).next_cursor.has_value());
}

TEST_F(Read, RefusesACursorOfAnotherOrder) {
  for (int i = 0; i < 3; ++i)
    new_conversation();
  const auto cursor = store_.list(Order::started, "", 1, soon()).next_cursor.value();
  EXPECT_EQ(error_of([&] { store_.list(Order::active, cursor, 1, soon()); }).kind(), Kind::invalid);
  EXPECT_EQ(error_of([&] { store_.list(Order::started, "nonsense", 1, soon()); }).kind(),
            Kind::invalid);
}

}  // namespace
}  // namespace hwlab::test
