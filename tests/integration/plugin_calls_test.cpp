// Does the loaded library do what the contract says, through every hook?
#include "tests/support/plugin_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::string_literals;

class Calls : public PluginTest {
 protected:
  [[nodiscard]] std::string rows() const {
    return database_.value(
        "select (select count(*) from conversations) || ' ' || (select count(*) "
        "from messages)");
  }
  hwlab_status status_of_message(const host::NewMessage& message) {
    return host_error_of([&] { store_.add_message({conversation_, message, {}}); }).status();
  }

  host::Plugin plugin_ = load();
  host::ConversationStore store_ = plugin_.conversation_store();
  std::string conversation_ = store_.create_conversation({{}, "llama3", {}, {}}).id;
};

TEST_F(Calls, StoreAConversationAndGiveItBack) {
  const auto added = store_.add_message({conversation_, {{}, "user", "hello", {}, {}}, {}});
  EXPECT_EQ(added.seq, 1);
  const auto turn = store_.append_messages(
      {conversation_,
       {{{}, "assistant", "hi", R"({"tokens":2})", {}}, {{}, "user", "and \"quotes\"", {}, {}}},
       {}});
  ASSERT_EQ(turn.messages.size(), 2U);
  EXPECT_EQ(turn.messages[1].seq, 3);

  const auto thread = store_.get_conversation({conversation_, 0, 0, 0, 0});
  EXPECT_EQ(thread.conversation().model, "llama3");
  EXPECT_EQ(thread.conversation().message_count, 3);
  ASSERT_EQ(thread.messages().size(), 3U);
  EXPECT_EQ(thread.messages()[0].id, added.id);
  EXPECT_EQ(thread.messages()[0].created_at, added.created_at);
  EXPECT_EQ(thread.messages()[1].metadata, R"({"tokens": 2})");
  EXPECT_EQ(thread.messages()[2].content, "and \"quotes\"");
  EXPECT_EQ(thread.next_after_seq(), 0);

  const auto listing = store_.list_conversations({});
  ASSERT_EQ(listing.conversations().size(), 1U);
  EXPECT_EQ(listing.conversations()[0].id, conversation_);
  EXPECT_EQ(listing.conversations()[0].message_count, 3);
}

TEST_F(Calls, TellWhereToGoOnWhenAThreadIsCut) {
  store_.append_messages(
      {conversation_, std::vector<host::NewMessage>(5, {{}, "user", "x", {}, {}}), {}});
  const auto first = store_.get_conversation({conversation_, 0, 0, 2, 0});
  EXPECT_EQ(first.messages().size(), 2U);
  EXPECT_EQ(first.next_after_seq(), 2);
  const auto last = store_.get_conversation({conversation_, 0, 0, 0, 2});
  EXPECT_EQ(last.messages().front().seq, 4);
  EXPECT_EQ(last.next_before_seq(), 4);
}

TEST_F(Calls, RefuseWhatIsNotAMessageBeforeAnythingIsSent) {
  const auto before = rows();
  const std::string id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  EXPECT_EQ(status_of_message({{}, "root", "x", {}, {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "", "x", {}, {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "a\0b"s, {}, {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "\xff", {}, {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "\xed\xa0\x80", {}, {}}), HWLAB_INVALID) << "surrogate";
  EXPECT_EQ(status_of_message({{}, "user", "\xc0\x80", {}, {}}), HWLAB_INVALID) << "overlong";
  EXPECT_EQ(status_of_message({{}, "user", std::string((16U << 20) + 1, 'x'), {}, {}}),
            HWLAB_INVALID);
  EXPECT_EQ(status_of_message({"no uuid", "user", "x", {}, {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({id.substr(1), "user", "x", {}, {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "x", "[1]", {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "x", "{", {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "x", R"({"a":"\u0000"})", {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "x", R"({"a":"\ud800"})", {}}), HWLAB_INVALID);
  EXPECT_EQ(status_of_message({{}, "user", "x", R"({"a":)" + std::string(30'000, '['), {}}),
            HWLAB_INVALID);
  EXPECT_EQ(
      status_of_message(
          {{}, "user", "x", {}, host::Time(std::chrono::microseconds(9'000'000'000'000'000'000))}),
      HWLAB_INVALID);
  EXPECT_EQ(rows(), before);
}

TEST_F(Calls, NeverQuoteWhatTheyRefuse) {
  const auto error = host_error_of([&] {
    store_.add_message({conversation_, {{}, "user", "secret words \xff", {}, {}}, {}});
  });
  EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
  EXPECT_EQ(log_.text().find("secret"), std::string::npos) << log_.text();
}

TEST_F(Calls, TakeTheLargestContentByteForByte) {
  const std::string large((16U << 20), '\'');
  // More than the default of 10 s: other tests may keep the machine busy.
  store_.add_message({conversation_, {{}, "user", large, {}, {}}, {}}, {std::chrono::seconds(60)});
  const auto thread =
      store_.get_conversation({conversation_, 0, 0, 0, 0}, {std::chrono::seconds(60)});
  EXPECT_TRUE(thread.messages()[0].content == large);
}

TEST_F(Calls, StoreNothingOfABatchWithOneBadMessage) {
  const auto before = rows();
  const auto error = host_error_of([&] {
    store_.append_messages(
        {conversation_, {{{}, "user", "good", {}, {}}, {{}, "root", "bad", {}, {}}}, {}});
  });
  EXPECT_EQ(error.status(), HWLAB_INVALID);
  const std::string id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  EXPECT_EQ(host_error_of([&] {
              store_.append_messages(
                  {conversation_, {{id, "user", "a", {}, {}}, {id, "user", "b", {}, {}}}, {}});
            }).status(),
            HWLAB_INVALID);
  EXPECT_EQ(host_error_of([&] {
              store_.append_messages({conversation_, {}, {}});
            }).status(),
            HWLAB_INVALID);
  EXPECT_EQ(rows(), before);
}

TEST_F(Calls, SayNotFoundForAnUnknownConversation) {
  const std::string unknown = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  EXPECT_EQ(host_error_of([&] {
              store_.add_message({unknown, {{}, "user", "x", {}, {}}, {}});
            }).status(),
            HWLAB_NOT_FOUND);
  const auto error = host_error_of([&] { (void)store_.get_conversation({unknown, 0, 0, 0, 0}); });
  EXPECT_EQ(error.status(), HWLAB_NOT_FOUND);
  EXPECT_NE(std::string(error.what()).find(unknown), std::string::npos);
}

TEST_F(Calls, RepeatWhatIsStoredAndRefuseWhatDiffers) {
  const std::string id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  const auto first = store_.add_message({conversation_, {id, "user", "x", {}, {}}, {}});
  const auto again = store_.add_message({conversation_, {id, "user", "x", {}, {}}, {}});
  EXPECT_FALSE(first.existed);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(host_error_of([&] {
              store_.add_message({conversation_, {id, "user", "y", {}, {}}, {}});
            }).status(),
            HWLAB_CONFLICT);
  const auto created = store_.create_conversation({conversation_, "llama3", {}, {}});
  EXPECT_TRUE(created.existed);
}

TEST_F(Calls, TellTheActualSeqBesideAConflict) {
  store_.add_message({conversation_, {{}, "user", "x", {}, {}}, 0});
  const auto error = host_error_of([&] {
    store_.add_message({conversation_, {{}, "user", "y", {}, {}}, 0});
  });
  EXPECT_EQ(error.status(), HWLAB_CONFLICT);
  EXPECT_EQ(error.actual_seq(), 1);
}

TEST_F(Calls, RefuseAPageThatIsTooLong) {
  EXPECT_EQ(host_error_of([&] {
              (void)store_.list_conversations({host::Order::started, "", 101});
            }).status(),
            HWLAB_INVALID);
  EXPECT_EQ(host_error_of([&] {
              (void)store_.get_conversation({conversation_, 0, 0, 1, 1});
            }).status(),
            HWLAB_INVALID);
}

TEST_F(Calls, GiveTheIdsBesideAnUnknownOutcome) {
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select * from conversations for update");
  const std::string id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  const auto error = host_error_of([&] {
    store_.add_message({conversation_, {id, "user", "x", {}, {}}, {}},
                       {std::chrono::milliseconds(200)});
  });
  EXPECT_EQ(error.status(), HWLAB_TIMEOUT);
  EXPECT_TRUE(error.maybe_applied());
  ASSERT_EQ(error.ids().size(), 1U);
  EXPECT_EQ(error.ids()[0], id);
  holder.abort();
  EXPECT_EQ(store_.add_message({conversation_, {id, "user", "x", {}, {}}, {}}).seq, 1);
}

}  // namespace
}  // namespace hwlab::test
