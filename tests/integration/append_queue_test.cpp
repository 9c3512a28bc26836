// Do callers who share a statement each get their own answer, and nobody else's trouble?
#include <algorithm>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/mixed_appends.h"
#include "tests/support/store_fixture.h"

namespace hwlab::test {
namespace {

using store::Deadline;
using store::Kind;
using namespace std::chrono_literals;

// On one connection, so that whoever comes while a statement is held up must line up.
class AppendQueue : public StoreTest {
 protected:
  using Outcome = std::future<store::Appended>;

  static store::StoreOptions one_connection() {
    store::StoreOptions options;
    options.pool.max = 1;
    options.append.max_waiting = 8;
    options.append.max_batch = 8;
    return options;
  }

  // Holds up the connection until let_go(): the first append's id is being taken by a transaction
  // whose outcome it must wait for.
  void hold_up() {
    const auto first = message("the first");
    const auto conversation = new_conversation();
    holding_.emplace(holder_);
    take_id(*holding_, first.id);
    first_ = start(conversation, {first});
    ASSERT_TRUE(comes_true([this] {
      return pqxx::nontransaction(observer_)
                 .exec(
                     "select 1 from pg_stat_activity where wait_event_type = 'Lock' and "
                     "datname = current_database()")
                 .size() > 0;
    }));
  }
  void let_go() { holding_->abort(), holding_.reset(); }

  void take_id(pqxx::work& transaction, const store::Uuid& message) {
    transaction.exec("insert into messages (id, conversation_id, role, content, seq) values ('" +
                     store::to_text(message) + "', '" + store::to_text(new_conversation()) +
                     "', 'user', 'x', 99)");
  }

  Outcome start(const store::Uuid& conversation, std::vector<store::NewMessage> messages,
                std::chrono::milliseconds timeout = 60s,
                std::optional<std::int64_t> expected_seq = {}) {
    return std::async(std::launch::async, [=, this, deadline = Deadline::in(timeout)] {
      return narrow_.append(
          {.conversation = conversation, .messages = messages, .expected_seq = expected_seq},
          deadline);
    });
  }
  // Returns when it is in the line.
  Outcome line_up(const store::Uuid& conversation, std::vector<store::NewMessage> messages,
                  std::chrono::milliseconds timeout = 60s,
                  std::optional<std::int64_t> expected_seq = {}) {
    const auto before = narrow_.waiting_messages();
    const auto count = messages.size();
    Outcome outcome = start(conversation, std::move(messages), timeout, expected_seq);
    EXPECT_TRUE(comes_true([&] { return narrow_.waiting_messages() == before + count; }));
    return outcome;
  }
  static bool comes_true(const std::function<bool()>& condition) {
    const auto deadline = soon();
    while (!condition()) {
      if (deadline.passed())
        return false;
      std::this_thread::yield();
    }
    return true;
  }

  store::Store narrow_{one_connection(), database_.source(), no_log()};
  pqxx::connection holder_{database_.dsn()};
  pqxx::connection observer_{database_.dsn()};
  std::optional<pqxx::work> holding_;
  Outcome first_;
};

TEST_F(AppendQueue, StoresWhatHasLinedUpInOneTransaction) {
  const auto one = new_conversation();
  const auto other = new_conversation();
  hold_up();
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 3; ++i) {
    outcomes.push_back(line_up(one, {message("one")}));
    outcomes.push_back(line_up(other, {message("other")}));
  }
  outcomes.push_back(line_up(one, {message("a turn"), message("of two")}));
  let_go();
  first_.get();
  std::vector<std::int64_t> seqs;
  for (auto& outcome : outcomes)
    for (const auto& stored : outcome.get().messages)
      seqs.push_back(stored.seq);
  EXPECT_EQ(seqs[7], seqs[6] + 1) << "messages of one call stand together";
  std::sort(seqs.begin(), seqs.end());
  EXPECT_EQ(seqs, (std::vector<std::int64_t>{1, 1, 2, 2, 3, 3, 4, 5}));
  EXPECT_EQ(database_.value("select count(distinct xmin::text) from messages"), "2")
      << "the first one, and all the others";
  EXPECT_EQ(database_.value("select count(*) from messages m join messages n using "
                            "(conversation_id) where m.seq < n.seq and m.created_at >= "
                            "n.created_at"),
            "0")
      << "readers that order by time see the same order";
}

// By the statement that takes one message for each conversation.
TEST_F(AppendQueue, StoresOneMessageForEachOfManyConversationsAsTheyAre) {
  const std::string large(100'000, 'x');
  const std::vector<std::string_view> contents = {
      "", "NULL", R"({"a","b\\"})", "with 'quotes' and \\ \x01", "Größe 🦊", large};
  hold_up();
  std::vector<Outcome> outcomes;
  std::vector<store::NewMessage> sent;
  for (const std::string_view content : contents) {
    sent.push_back(message(content));
    sent.back().role = sent.size() % 2 == 0 ? "assistant" : "system";
    if (sent.size() % 3 == 0)
      sent.back().metadata = R"({"n": [1, null]})";
    outcomes.push_back(line_up(new_conversation(), {sent.back()}));
  }
  const store::Uuid unknown = store::new_uuid();
  Outcome lost = line_up(unknown, {message("to nobody")});
  let_go();
  first_.get();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(outcomes[i].get().messages.at(0).seq, 1);
    pqxx::nontransaction reader(observer_);
    const auto row = reader.exec("select content, role, metadata::text from messages where id = '" +
                                 store::to_text(sent[i].id) + "'");
    ASSERT_EQ(row.size(), 1U);
    EXPECT_EQ(std::string_view(row[0][0].c_str(), row[0][0].size()), sent[i].content);
    EXPECT_EQ(row[0][1].c_str(), std::string(sent[i].role));
    EXPECT_EQ(row[0][2].is_null(), !sent[i].metadata.has_value());
  }
  EXPECT_EQ(error_of([&] { lost.get(); }).kind(), Kind::not_found);
  EXPECT_EQ(database_.value("select count(distinct xmin::text) from messages"), "2")
      << "the first one, and all the others";
}

TEST_F(AppendQueue, RefusesWhatWouldBeTooMuchWaiting) {
  const auto conversation = new_conversation();
  hold_up();
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 8; ++i)
    outcomes.push_back(line_up(conversation, {message("x")}));
  const auto error = error_of([&] { start(conversation, {message("too much")}).get(); });
  EXPECT_EQ(error.kind(), Kind::overloaded);
  EXPECT_TRUE(error.retryable());
  EXPECT_FALSE(error.maybe_applied());
  let_go();
  for (auto& outcome : outcomes)
    outcome.get();
  EXPECT_EQ(database_.value("select count(*) from messages"), "9");
}

TEST_F(AppendQueue, LetsACallerGoWhoseTimeIsUpInTheLine) {
  const auto conversation = new_conversation();
  hold_up();
  Outcome brief = start(conversation, {message("brief")}, 200ms);
  const auto error = error_of([&] { brief.get(); });
  EXPECT_EQ(error.kind(), Kind::timeout);
  EXPECT_FALSE(error.maybe_applied()) << "nothing was sent";
  EXPECT_EQ(narrow_.waiting_messages(), 0U);
  let_go();
  first_.get();
  EXPECT_EQ(database_.value("select count(*) from messages where content = 'brief'"), "0");
}

TEST_F(AppendQueue, LetsACallerGoWhoseTimeIsUpInAStatementOfOthers) {
  const auto conversation = new_conversation();
  const auto brief = message("brief");
  pqxx::connection other(database_.dsn());
  pqxx::work inserting(other);
  take_id(inserting, brief.id);
  hold_up();
  Outcome patient = line_up(conversation, {message("patient")});
  Outcome hurried = line_up(conversation, {brief}, 2s);
  let_go();
  first_.get();
  const auto error = error_of([&] { hurried.get(); });
  EXPECT_EQ(error.kind(), Kind::timeout);
  EXPECT_TRUE(error.maybe_applied());
  inserting.abort();
  EXPECT_EQ(patient.get().messages[0].seq, 1);
  EXPECT_EQ(database_.value("select count(*) from messages where content = 'brief'"), "1")
      << "it was stored with the others, after its caller had gone";
}

TEST_F(AppendQueue, LetsTheOneWithTheMostTimeLead) {
  const auto conversation = new_conversation();
  hold_up();
  Outcome brief = line_up(conversation, {message("brief")}, 3s);
  Outcome patient = line_up(conversation, {message("patient")}, 60s);
  EXPECT_THROW(brief.get(), store::Error);
  let_go();
  EXPECT_EQ(patient.get().messages[0].seq, 1);
}

TEST_F(AppendQueue, KeepsAMistakeToTheCallerWhoMadeIt) {
  const auto conversation = new_conversation();
  const auto used = message("used");
  narrow_.append({.conversation = conversation, .messages = {used}, .expected_seq = {}}, soon());
  auto other = used;
  other.content = "another";
  const auto twice = message("twice");
  hold_up();
  Outcome good = line_up(conversation, {message("good")});
  Outcome bad = line_up(conversation, {message("bad", "root")});
  Outcome nobodys = line_up(store::new_uuid(), {message("nobody's")});
  Outcome again = line_up(conversation, {used});
  Outcome stolen = line_up(conversation, {other});
  Outcome once = line_up(conversation, {twice});
  Outcome once_more = line_up(conversation, {twice});
  let_go();
  EXPECT_FALSE(good.get().existed);
  EXPECT_EQ(error_of([&] { bad.get(); }).kind(), Kind::invalid);
  EXPECT_EQ(error_of([&] { nobodys.get(); }).kind(), Kind::not_found);
  EXPECT_TRUE(again.get().existed);
  EXPECT_EQ(error_of([&] { stolen.get(); }).kind(), Kind::conflict);
  EXPECT_NE(once.get().existed, once_more.get().existed);
  EXPECT_EQ(database_.value("select count(*) || ' ' || max(seq) from messages where "
                            "conversation_id = '" +
                            store::to_text(conversation) + "'"),
            "3 3");
}

TEST_F(AppendQueue, HoldsAnExpectedSeqAgainstTheConversationAsItIsThen) {
  const auto conversation = new_conversation();
  hold_up();
  Outcome first = line_up(conversation, {message("a")}, 62s, 0);
  Outcome second = line_up(conversation, {message("b")}, 61s, 1);
  Outcome late = line_up(conversation, {message("c")}, 60s, 1);
  let_go();
  EXPECT_EQ(first.get().messages[0].seq, 1);
  EXPECT_EQ(second.get().messages[0].seq, 2);
  const auto error = error_of([&] { late.get(); });
  EXPECT_EQ(error.kind(), Kind::conflict);
  EXPECT_EQ(error.actual_seq(), 2);
}

TEST_F(AppendQueue, SendsAUnitThatIsLargerThanAStatementAlone) {
  const auto conversation = new_conversation();
  hold_up();
  Outcome before = line_up(conversation, {message("before")});
  std::vector<store::NewMessage> many(9, message("many"));
  for (auto& each : many)
    each.id = store::new_uuid();
  Outcome large = start(conversation, many);  // more than may wait, too: it is refused
  EXPECT_EQ(error_of([&] { large.get(); }).kind(), Kind::overloaded);
  let_go();
  before.get();
  EXPECT_EQ(start(conversation, many).get().messages.size(), 9U);
}

TEST_F(AppendQueue, IsStoppedWithTheStore) {
  const auto conversation = new_conversation();
  hold_up();
  Outcome waiting = line_up(conversation, {message("x")});
  narrow_.stop();
  EXPECT_EQ(error_of([&] { waiting.get(); }).kind(), Kind::stopped);
  EXPECT_THROW(first_.get(), store::Error);
  EXPECT_EQ(error_of([&] { start(conversation, {message("y")}).get(); }).kind(), Kind::stopped);
}

class SharedAppends : public StoreTest {
 protected:
  std::vector<store::Uuid> new_conversations(int count) {
    std::vector<store::Uuid> conversations;
    for (int i = 0; i < count; ++i)
      conversations.push_back(new_conversation());
    return conversations;
  }

  void expect_numbers_without_gaps() {
    EXPECT_EQ(database_.value("select count(*) from conversations c left join lateral (select "
                              "count(*), coalesce(max(seq), 0) as last, count(distinct seq) as "
                              "seqs from messages where conversation_id = c.id) m on true where "
                              "(c.message_count, c.last_seq, m.seqs, m.last) is distinct from "
                              "(m.count, m.count, m.count, m.count)"),
              "0");
  }
};

TEST_F(SharedAppends, AnswerEachOf64CallersRightly) {
  const auto wrong = MixedAppends(store_, new_conversations(20)).run(64, 100);
  EXPECT_EQ(wrong, std::vector<std::string>());
  expect_numbers_without_gaps();
  EXPECT_GT(std::stoi(database_.value("select count(*) from messages")), 64 * 90);
}

TEST_F(SharedAppends, AnswerRightlyWhenFourProcessesMeet) {
  std::vector<std::string> arguments = {HWLAB_APPEND_LOAD, database_.dsn(), "64", "40"};
  for (const auto& conversation : new_conversations(20))
    arguments.push_back(store::to_text(conversation));
  std::vector<ChildProcess> children;
  for (int i = 0; i < 4; ++i)
    children.emplace_back(arguments);
  for (ChildProcess& child : children)
    child.let_go();
  for (ChildProcess& child : children)
    EXPECT_EQ(child.wait(100s), 0) << "see its stderr";
  expect_numbers_without_gaps();
}

TEST_F(SharedAppends, GoOnBesideAConversationThatSomebodyHolds) {
  const auto held = new_conversation();
  const auto others = new_conversations(20);
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select from conversations where id = '" + store::to_text(held) + "' for update");
  std::vector<std::future<store::Appended>> waiting;
  for (int i = 0; i < 10; ++i)
    waiting.push_back(std::async(std::launch::async, [&] { return append(held, {message("x")}); }));
  const auto wrong = MixedAppends(store_, others).run(16, 50);
  EXPECT_EQ(wrong, std::vector<std::string>());
  for (const auto& outcome : waiting)
    EXPECT_EQ(outcome.wait_for(0s), std::future_status::timeout) << "the others did not wait";
  holder.commit();
  for (auto& outcome : waiting)
    EXPECT_FALSE(outcome.get().existed);
  expect_numbers_without_gaps();
}

TEST_F(SharedAppends, KeepTheirConnections) {
  const auto conversation = new_conversation();
  append(conversation, {message("x")});
  const std::string sessions =
      "select string_agg(pid::text, ' ' order by pid) from pg_stat_activity where datname = "
      "current_database() and pid <> pg_backend_pid()";
  const auto before = database_.value(sessions);
  for (int i = 0; i < 10; ++i)
    append(conversation, {message("x"), message("y")});
  EXPECT_EQ(database_.value(sessions), before);
}

}  // namespace
}  // namespace hwlab::test
