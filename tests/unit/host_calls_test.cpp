// Do the typed calls say to the plugin what the daemon said, and back?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "../support/fake_plugin.h"
#include "host_support.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
using host::LogLevel;
using host::NewMessage;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

NewMessage message(std::string_view content, std::string_view role = "user") {
  NewMessage made;
  made.role = role;
  made.content = content;
  return made;
}

TEST(Calls, CreateTellsWhetherTheConversationExisted) {
  const auto plugin = load_fake();
  const auto store = plugin.conversation_store();
  host::NewConversation request;
  request.id = "99999999-9999-4999-8999-999999999999";
  const auto created = store.create_conversation(request);
  EXPECT_EQ(created.id, *request.id);
  EXPECT_EQ(created.started_at, host::Time(1'000'001us));
  EXPECT_FALSE(created.existed);
  EXPECT_TRUE(store.create_conversation(request).existed);
}

TEST(Calls, AddMessageGivesIdSeqAndTime) {
  const auto plugin = load_fake();
  const auto added = plugin.conversation_store().add_message({canned_conversation, message("hi")});
  EXPECT_EQ(added.seq, 2);
  EXPECT_EQ(added.created_at, host::Time(2'000'002us));
  EXPECT_FALSE(added.existed);
}

TEST(Calls, AddMessageTellsThatAnIdenticalOneExisted) {
  const auto plugin = load_fake();
  auto again = message("hello");
  again.id = canned_message;
  const auto added = plugin.conversation_store().add_message({canned_conversation, again});
  EXPECT_TRUE(added.existed);
  EXPECT_EQ(added.seq, 1);
}

TEST(Calls, AnEmptyContentIsEmptyAndNotAbsent) {
  const auto plugin = load_fake();
  const auto store = plugin.conversation_store();
  store.add_message({canned_conversation, message({})});
  EXPECT_EQ(store.get_conversation({canned_conversation}).messages().back().content, "");
}

TEST(Calls, ExpectedSeqZeroMeansAnEmptyConversation) {
  const auto plugin = load_fake();
  const auto store = plugin.conversation_store();
  const auto error = error_of([&] { store.add_message({canned_conversation, message("x"), 0}); });
  EXPECT_EQ(error.status(), HWLAB_CONFLICT);
  EXPECT_EQ(error.actual_seq(), 1);
  EXPECT_EQ(store.add_message({canned_conversation, message("x"), 1}).seq, 2);
  const auto negative = error_of([&] {
    store.add_message({canned_conversation, message("x"), -1});
  });
  EXPECT_EQ(negative.status(), HWLAB_INVALID);
}

TEST(Calls, AppendMessagesGivesThemInTheOrderOfTheRequest) {
  const auto plugin = load_fake();
  auto first = message("a");
  first.id = "one";
  auto second = message("b");
  second.id = "two";
  const auto appended =
      plugin.conversation_store().append_messages({canned_conversation, {first, second}, {}});
  ASSERT_EQ(appended.messages.size(), 2U);
  EXPECT_EQ(appended.messages[0].id, "one/stored");
  EXPECT_EQ(appended.messages[1].id, "two/stored");
  EXPECT_EQ(appended.messages[1].seq, 2);
  EXPECT_EQ(appended.messages[1].created_at, host::Time(1us));
}

TEST(Calls, GetConversationGivesViewsOfTheWholeRecord) {
  const auto plugin = load_fake();
  const auto thread = plugin.conversation_store().get_conversation({canned_conversation});
  EXPECT_EQ(thread.conversation().id, canned_conversation);
  EXPECT_EQ(thread.conversation().model, "llama3");
  EXPECT_EQ(thread.conversation().metadata, R"({"room": "lab"})");
  EXPECT_EQ(thread.conversation().last_message_at, host::Time(5us));
  ASSERT_EQ(thread.messages().size(), 1U);
  EXPECT_EQ(thread.messages()[0].id, canned_message);
  EXPECT_EQ(thread.messages()[0].content, "hello");
  EXPECT_EQ(thread.messages()[0].metadata, "{}");
  EXPECT_EQ(thread.next_after_seq(), 0);
}

TEST(Calls, ListConversationsGivesTheCursorOnlyWhenThereIsMore) {
  const auto plugin = load_fake();
  const auto store = plugin.conversation_store();
  EXPECT_EQ(store.list_conversations().next_cursor(), std::nullopt);
  host::ListConversations page;
  page.limit = 1;
  const auto listing = store.list_conversations(page);
  EXPECT_EQ(listing.next_cursor(), "page2");
  ASSERT_EQ(listing.conversations().size(), 1U);
  EXPECT_EQ(listing.conversations()[0].message_count, 1);
}

TEST(Calls, AReadOutlivesThePluginThatGaveItAndMayMove) {
  auto plugin = load_fake();
  auto thread = plugin.conversation_store().get_conversation({canned_conversation});
  plugin.unload();
  const auto moved = std::move(thread);
  std::thread([&moved] { EXPECT_EQ(moved.messages().at(0).content, "hello"); }).join();
}

TEST(Calls, TheTimeoutGoesWithTheCall) {
  const auto plugin = load_fake("tell_timeout");
  const auto store = plugin.conversation_store();
  const auto told = [&](std::chrono::milliseconds timeout) {
    return std::string(error_of([&] {
                         store.add_message({canned_conversation, message("x")}, {timeout});
                       }).what());
  };
  EXPECT_EQ(told(0ms), "0");
  EXPECT_EQ(told(250ms), "250");
  EXPECT_EQ(told(std::chrono::hours(24 * 365)),
            std::to_string(std::numeric_limits<std::uint32_t>::max()));
  EXPECT_THAT(told(-1ms), HasSubstr("had passed before the call"));
}

TEST(Calls, AFailureCarriesWhatThePluginSaid) {
  const auto plugin = load_fake("refused");
  const auto error = error_of([&] { (void)plugin.conversation_store().list_conversations(); });
  EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE);
  EXPECT_STREQ(error.what(), "the server is starting");
  EXPECT_TRUE(error.retryable());
  EXPECT_FALSE(error.maybe_applied());
  EXPECT_EQ(error.retry_after(), 250ms);
  EXPECT_EQ(error.sqlstate(), "23514");
}

TEST(Calls, AnUnknownOutcomeComesWithTheIdsToRepeat) {
  const auto plugin = load_fake("maybe_applied");
  const auto error = error_of([&] {
    plugin.conversation_store().add_message({canned_conversation, message("x")});
  });
  EXPECT_EQ(error.status(), HWLAB_TIMEOUT);
  EXPECT_TRUE(error.maybe_applied());
  EXPECT_THAT(error.ids(), ElementsAre("44444444-4444-4444-8444-444444444444"));
}

TEST(Calls, MaintenanceReportsAndMigrates) {
  const auto plugin = load_fake();
  const auto report = plugin.maintenance().report();
  ASSERT_EQ(report.checks.size(), 2U);
  EXPECT_EQ(report.worst, host::CheckLevel::warning);
  EXPECT_EQ(report.checks[0].remedy, std::nullopt);
  EXPECT_EQ(report.checks[1].remedy, "say sslmode=require");
  EXPECT_EQ(error_of([&] { (void)plugin.maintenance().repair(); }).status(), HWLAB_UNSUPPORTED);
  const auto migrated = plugin.maintenance().migrate();
  EXPECT_EQ(migrated.schema_version, 1);
  ASSERT_EQ(migrated.applied.size(), 1U);
  EXPECT_EQ(migrated.applied[0].name, "base tables");
}

TEST(Calls, LogLinesReachTheDaemonAndUnknownLevelsAreKept) {
  std::vector<std::pair<LogLevel, std::string>> lines;
  const auto plugin = load_fake(
      "", [&](LogLevel level, std::string_view line) { lines.emplace_back(level, line); });
  EXPECT_THAT(lines, ElementsAre(Pair(LogLevel::info, "loaded with test.yaml:7"),
                                 Pair(LogLevel::critical, "loaded with test.yaml:7")));
}

TEST(Calls, AnExceptionOfTheLogDoesNotReachThePlugin) {
  const auto plugin =
      load_fake("", [](LogLevel, std::string_view) { throw std::runtime_error("disk full"); });
  EXPECT_TRUE(plugin.is_loaded());
}

TEST(Unload, AHandleThatOutlivesThePluginThrowsStopped) {
  auto plugin = load_fake();
  const auto store = plugin.conversation_store();
  const auto maintenance = plugin.maintenance();
  plugin.unload();
  EXPECT_EQ(error_of([&] { (void)store.list_conversations(); }).status(), HWLAB_STOPPED);
  EXPECT_EQ(error_of([&] { (void)maintenance.report(); }).status(), HWLAB_STOPPED);
  EXPECT_EQ(error_of([&] { (void)plugin.conversation_store(); }).status(), HWLAB_STOPPED);
  plugin.unload();
}

TEST(Unload, CutsOffACallThatStaysLongerThanTheGrace) {
  std::promise<void> inside;
  auto plugin = load_fake("block", [&](LogLevel, std::string_view line) {
    if (line == "inside") {
      inside.set_value();
    }
  });
  const auto store = plugin.conversation_store();
  std::thread caller([&store] {
    const auto error = error_of([&] { store.add_message({canned_conversation, message("x")}); });
    EXPECT_EQ(error.status(), HWLAB_STOPPED);
    EXPECT_STREQ(error.what(), "cut off");
  });
  inside.get_future().wait();
  plugin.unload(20ms);
  caller.join();
}

TEST(Unload, MayBeFollowedByAnotherLoad) {
  auto plugin = load_fake();
  plugin.unload();
  plugin.load({});
  EXPECT_TRUE(plugin.offers(HWLAB_CONVERSATION_STORE));
  EXPECT_EQ(error_of([&] { plugin.load({}); }).status(), HWLAB_INVALID);
}

TEST(Unload, RacingWithCallsEndsEachOfThemOnce) {
  auto plugin = load_fake();
  const auto store = plugin.conversation_store();
  std::promise<void> first_answer;
  std::once_flag once;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const auto error = error_of([&] {
        for (;;) {
          (void)store.list_conversations();
          std::call_once(once, [&] { first_answer.set_value(); });
        }
      });
      EXPECT_EQ(error.status(), HWLAB_STOPPED);
    });
  }
  first_answer.get_future().wait();
  plugin.unload();
  for (auto& caller : callers) {
    caller.join();
  }
}

}  // namespace
}  // namespace hwlab::test
