// Does the daemon survive a plugin that breaks the contract?
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "../support/fake_plugin.h"
#include "host_support.h"

namespace hwlab::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What a reading call ends with under a mode.
host::Error error_of_get(const std::string& mode) {
  const auto plugin = load_fake(mode);
  return error_of(
      [&] { (void)plugin.conversation_store().get_conversation({canned_conversation}); });
}

// The counters of the fake; its mapping is the one that the loader uses.
const FakeCounters& fake_counters() {
  static const auto* const counters = [] {
    void* const library = ::dlopen(FAKE_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    const auto* const plugin =
        static_cast<const hwlab_plugin*>(::dlsym(library, HWLAB_PLUGIN_SYMBOL));
    return static_cast<const FakeCounters*>(plugin->get_extension(nullptr, fake_counters_id));
  }();
  return *counters;
}

// Results that were given and not released since this object was made.
class OpenResults {
 public:
  [[nodiscard]] int made() const { return now() - before_; }

 private:
  static int now() { return fake_counters().given - fake_counters().released; }
  int before_ = now();
};

TEST(Misbehaviour, AnUnknownStatusIsInternal) {
  for (const auto* mode : {"unknown_status", "negative_status"}) {
    const auto error = error_of_get(mode);
    EXPECT_EQ(error.status(), HWLAB_INTERNAL);
    EXPECT_THAT(error.what(), HasSubstr("unknown status"));
  }
}

TEST(Misbehaviour, TextsOfAnErrorThatAreNotTerminatedAreCut) {
  const auto error = error_of_get("unterminated");
  EXPECT_EQ(std::string(error.what()), std::string(sizeof(hwlab_error{}.message), 'x'));
  EXPECT_EQ(error.sqlstate(), "");
}

TEST(Misbehaviour, AResultBesideAnErrorIsReleased) {
  const OpenResults open;
  EXPECT_EQ(error_of_get("result_on_error").status(), HWLAB_NOT_FOUND);
  EXPECT_EQ(open.made(), 0);
}

TEST(Misbehaviour, OkWithoutAResultIsInternal) {
  EXPECT_EQ(error_of_get("no_result").status(), HWLAB_INTERNAL);
}

TEST(Misbehaviour, AWriteWithoutAResultMayHaveBeenApplied) {
  const auto plugin = load_fake("no_result");
  host::AddMessage request;
  request.conversation_id = canned_conversation;
  request.message.id = "66666666-6666-4666-8666-666666666666";
  request.message.role = "user";
  const auto error = error_of([&] { plugin.conversation_store().add_message(request); });
  EXPECT_EQ(error.status(), HWLAB_INTERNAL);
  EXPECT_TRUE(error.maybe_applied());
  EXPECT_THAT(error.ids(), ElementsAre(*request.message.id));
}

TEST(Misbehaviour, ABatchWithTooFewAnswersMayHaveBeenApplied) {
  const OpenResults open;
  const auto plugin = load_fake("one_less");
  host::AppendMessages request;
  request.messages.resize(2);
  const auto error = error_of([&] { plugin.conversation_store().append_messages(request); });
  EXPECT_TRUE(error.maybe_applied());
  EXPECT_EQ(open.made(), 0);
}

TEST(Misbehaviour, ABatchWithTooManyAnswersIsReadNoFurtherThanItWasSent) {
  const OpenResults open;
  const auto plugin = load_fake("one_more");
  host::AppendMessages request;
  request.messages.resize(2);
  const auto error = error_of([&] { plugin.conversation_store().append_messages(request); });
  EXPECT_TRUE(error.maybe_applied());
  EXPECT_EQ(open.made(), 0);
}

TEST(Misbehaviour, AResultIsReleasedOnceEvenWhenItsReleaseStays) {
  const OpenResults open;
  {
    const auto plugin = load_fake("keeps_release");
    auto thread = plugin.conversation_store().get_conversation({canned_conversation});
    EXPECT_EQ(open.made(), 1);
    const auto moved = std::move(thread);
    EXPECT_EQ(open.made(), 1);
  }
  EXPECT_EQ(open.made(), 0);
}

TEST(Misbehaviour, EveryResultIsReleasedOnce) {
  const OpenResults open;
  {
    const auto plugin = load_fake();
    const auto store = plugin.conversation_store();
    (void)store.create_conversation();
    auto listing = store.list_conversations();
    listing = store.list_conversations();
    EXPECT_EQ(open.made(), 1);
    (void)plugin.maintenance().report();
    (void)plugin.maintenance().migrate();
  }
  EXPECT_EQ(open.made(), 0);
}

TEST(Misbehaviour, ARecordThatIsNullIsInternalAndItsResultReleased) {
  const OpenResults open;
  EXPECT_EQ(error_of_get("null_record").status(), HWLAB_INTERNAL);
  EXPECT_EQ(error_of_get("no_head").status(), HWLAB_INTERNAL);
  EXPECT_EQ(open.made(), 0);
}

TEST(Misbehaviour, ACountWithoutRecordsIsInternalAndItsResultReleased) {
  const OpenResults open;
  EXPECT_EQ(error_of_get("null_array").status(), HWLAB_INTERNAL);
  EXPECT_EQ(error_of_get("absurd_count").status(), HWLAB_INTERNAL);
  EXPECT_EQ(open.made(), 0);
}

TEST(Misbehaviour, ATextThatIsNullIsAbsentWhateverItsSize) {
  const auto plugin = load_fake("null_text");
  const auto thread = plugin.conversation_store().get_conversation({canned_conversation});
  EXPECT_EQ(thread.messages().at(0).content, "");
  EXPECT_EQ(thread.conversation().title, std::nullopt);
}

TEST(Misbehaviour, RecordsOfALaterVersionAreReadAsFarAsTheyAreKnown) {
  const auto plugin = load_fake("long_records");
  const auto thread = plugin.conversation_store().get_conversation({canned_conversation});
  EXPECT_EQ(thread.messages().at(0).seq, 1);
}

TEST(Misbehaviour, MembersBehindTheEndOfARecordReadAsAbsent) {
  const auto plugin = load_fake("short_records");
  const auto thread = plugin.conversation_store().get_conversation({canned_conversation});
  EXPECT_EQ(thread.messages().at(0).content, "hello");
  EXPECT_EQ(thread.messages().at(0).metadata, std::nullopt);
  EXPECT_EQ(thread.messages().at(0).seq, 0);
}

TEST(Misbehaviour, AHookBehindTheEndOfTheTableIsUnsupported) {
  const auto plugin = load_fake("short_table");
  const auto store = plugin.conversation_store();
  EXPECT_NO_THROW((void)store.create_conversation());
  const auto add = error_of([&] { store.add_message({}); });
  EXPECT_EQ(add.status(), HWLAB_UNSUPPORTED);
  EXPECT_THAT(add.what(), HasSubstr("add_message"));
  EXPECT_EQ(error_of([&] { store.append_messages({}); }).status(), HWLAB_UNSUPPORTED);
  EXPECT_EQ(error_of([&] { (void)store.get_conversation({}); }).status(), HWLAB_UNSUPPORTED);
  EXPECT_EQ(error_of([&] { (void)store.list_conversations(); }).status(), HWLAB_UNSUPPORTED);
}

TEST(Misbehaviour, ATableThatHoldsNothingButItsSizeHasNoHooks) {
  const auto plugin = load_fake("tiny_table");
  EXPECT_EQ(error_of([&] { (void)plugin.conversation_store().create_conversation(); }).status(),
            HWLAB_UNSUPPORTED);
}

TEST(Misbehaviour, AHookThatIsNullIsUnsupportedAndTheOthersWork) {
  const auto plugin = load_fake("hole");
  EXPECT_EQ(error_of([&] { plugin.conversation_store().add_message({}); }).status(),
            HWLAB_UNSUPPORTED);
  EXPECT_NO_THROW((void)plugin.conversation_store().create_conversation());
}

TEST(Misbehaviour, ALongerTableIsFine) {
  const auto plugin = load_fake("long_table");
  EXPECT_NO_THROW((void)plugin.conversation_store().list_conversations());
}

TEST(Misbehaviour, AMissingFamilyOrExtensionIsUnsupported) {
  const auto no_hooks = load_fake("no_hooks");
  EXPECT_FALSE(no_hooks.offers(HWLAB_CONVERSATION_STORE));
  EXPECT_EQ(error_of([&] { (void)no_hooks.conversation_store(); }).status(), HWLAB_UNSUPPORTED);
  const auto no_maintenance = load_fake("no_maintenance");
  EXPECT_EQ(error_of([&] { (void)no_maintenance.maintenance(); }).status(), HWLAB_UNSUPPORTED);
}

TEST(Misbehaviour, ASecondTableOfOneFamilyIsAConflict) {
  const auto error = error_of([] { (void)load_fake("twice"); });
  EXPECT_EQ(error.status(), HWLAB_CONFLICT);
  EXPECT_THAT(error.what(), HasSubstr("registered already"));
}

TEST(Misbehaviour, AFamilyThatTheHostDoesNotKnowIsKeptForTheDaemon) {
  const auto plugin = load_fake("other_family");
  EXPECT_TRUE(plugin.offers("test.weather/1"));
  EXPECT_EQ(error_of([&] { (void)plugin.conversation_store(); }).status(), HWLAB_UNSUPPORTED);
}

TEST(Misbehaviour, AFamilyThatIsNullIsInvalidAlsoWithoutAPlaceForTheError) {
  EXPECT_EQ(error_of([] { (void)load_fake("null_family"); }).status(), HWLAB_INVALID);
}

TEST(Misbehaviour, HooksThatAreRegisteredAfterTheLoadAreRefused) {
  const auto plugin = load_fake("late_register");
  const auto error = error_of([&] { (void)plugin.conversation_store().create_conversation(); });
  EXPECT_EQ(error.status(), HWLAB_INVALID);
  EXPECT_THAT(error.what(), HasSubstr("only from within load"));
  EXPECT_FALSE(plugin.offers("test.late/1"));
}

// As a thread does that the plugin left behind.
void log_late() {
  const auto* const host = fake_counters().last_host.load();
  const hwlab_text line{"late", 4};
  host->log(host->ctx, HWLAB_LOG_INFO, &line);
}

TEST(Misbehaviour, ALineAfterTheUnloadIsDropped) {
  std::string lines;
  auto plugin = load_fake("", [&](host::LogLevel, std::string_view line) { lines += line; });
  EXPECT_THAT(lines, HasSubstr("loaded"));
  lines.clear();
  plugin.unload();
  log_late();
  EXPECT_EQ(lines, "");
}

TEST(Misbehaviour, ALineAfterAFailedLoadIsDropped) {
  std::string lines;
  const auto log = [&](host::LogLevel, std::string_view line) { lines += line; };
  EXPECT_EQ(error_of([&] { (void)load_fake("load_fails", log); }).status(), HWLAB_CONFIG);
  lines.clear();
  log_late();
  EXPECT_EQ(lines, "");
}

TEST(Misbehaviour, TheDaemonsLogIsForgottenByTheEndOfTheUnload) {
  auto log = std::make_shared<int>();
  auto plugin = load_fake("", [log](host::LogLevel, std::string_view) {});
  EXPECT_GT(log.use_count(), 1);
  plugin.unload();
  EXPECT_EQ(log.use_count(), 1);
}

TEST(Misbehaviour, AnUnloadThatFailsSaysSoAndThePluginIsUnloaded) {
  auto plugin = load_fake("unload_fails");
  EXPECT_EQ(error_of([&] { plugin.unload(); }).status(), HWLAB_INTERNAL);
  EXPECT_FALSE(plugin.is_loaded());
}

TEST(Misbehaviour, ADestructorTellsTheLogOfAnUnloadThatFails) {
  std::string lines;
  {
    const auto plugin =
        load_fake("unload_fails", [&](host::LogLevel, std::string_view line) { lines += line; });
  }
  EXPECT_THAT(lines, HasSubstr("a thread is stuck"));
}

TEST(Misbehaviour, ATableThatIsNullIsInvalid) {
  EXPECT_EQ(error_of([] { (void)load_fake("null_table"); }).status(), HWLAB_INVALID);
}

TEST(Misbehaviour, ALoadWithoutAnInstanceIsInternal) {
  EXPECT_EQ(error_of([] { (void)load_fake("load_null"); }).status(), HWLAB_INTERNAL);
}

TEST(Misbehaviour, AFailedLoadSaysWhyAndLeavesThePluginUnloaded) {
  auto plugin = host::Plugin::open(FAKE_PLUGIN);
  host::HostServices services;
  services.config = "mode: load_fails\n";
  const auto error = error_of([&] { plugin.load(services); });
  EXPECT_EQ(error.status(), HWLAB_CONFIG);
  EXPECT_STREQ(error.what(), "the configuration is wrong");
  EXPECT_FALSE(plugin.is_loaded());
}

TEST(Misbehaviour, ALevelThatIsNotKnownCountsAsFailed) {
  const auto plugin = load_fake("unknown_level");
  EXPECT_EQ(plugin.maintenance().report().worst, host::CheckLevel::failed);
}

}  // namespace
}  // namespace hwlab::test
