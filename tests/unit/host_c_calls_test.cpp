// The calls that a host in C makes through <hwlab/calls.h>, with plugins that have less than it
// knows.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <hwlab/calls.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../support/fake_plugin.h"

namespace hwlab::test {
namespace {

const hwlab_plugin& fake_plugin() {
  static const auto* const plugin = static_cast<const hwlab_plugin*>(
      ::dlsym(::dlopen(FAKE_PLUGIN, RTLD_NOW | RTLD_LOCAL), HWLAB_PLUGIN_SYMBOL));
  return *plugin;
}

// Members that a call must write hold this before.
template <class Struct>
Struct soiled() {
  Struct soiled;
  std::memset(&soiled, 0x5a, sizeof(soiled));
  return soiled;
}

hwlab_error soiled_error() {
  auto error = soiled<hwlab_error>();
  error.struct_size = sizeof(error);
  return error;
}

template <class Result>
Result soiled_result() {
  auto result = soiled<Result>();
  result.head.struct_size = sizeof(result);
  return result;
}

// An instance of the fake plugin, loaded as a host in C does.
class CCalls : public testing::Test {
 protected:
  hwlab_status load(const std::string& mode) {
    config_ = "mode: " + mode + "\n";
    host_.struct_size = sizeof(host_);
    host_.ctx = &hooks_;
    host_.config = hwlab_text_of(config_.c_str());
    host_.register_hooks = hwlab_take_store_hooks;
    return hwlab_load(&fake_plugin(), &host_, &instance_, &error_);
  }
  ~CCalls() override {
    if (instance_ != nullptr) {
      EXPECT_EQ(hwlab_unload(&fake_plugin(), instance_, 0, nullptr), HWLAB_OK);
    }
  }

  std::string config_;
  hwlab_host host_{};
  hwlab_store_hooks hooks_{};
  void* instance_ = nullptr;
  hwlab_error error_ = soiled_error();
};

TEST_F(CCalls, ReachTheHooksThatThePluginRegistered) {
  ASSERT_EQ(hwlab_check_plugin(&fake_plugin(), &error_), HWLAB_OK);
  ASSERT_EQ(load("good"), HWLAB_OK);

  const hwlab_create_conversation_request create{.struct_size = sizeof(create),
                                                 .reserved = 0,
                                                 .id = {},
                                                 .model = hwlab_text_of("llama3"),
                                                 .title = {},
                                                 .metadata = {}};
  auto created = soiled_result<hwlab_create_conversation_result>();
  ASSERT_EQ(hwlab_create_conversation(&hooks_, nullptr, &create, &created, &error_), HWLAB_OK);
  EXPECT_EQ(created.id.size, 36U);

  const hwlab_list_conversations_request list{.struct_size = sizeof(list),
                                              .order = HWLAB_ORDER_STARTED,
                                              .cursor = {},
                                              .limit = 0,
                                              .reserved = 0};
  auto listed = soiled_result<hwlab_list_conversations_result>();
  ASSERT_EQ(hwlab_list_conversations(&hooks_, nullptr, &list, &listed, &error_), HWLAB_OK);
  EXPECT_EQ(listed.conversation_count, 1U);

  hwlab_release(&created.head);
  hwlab_release(&listed.head);
  EXPECT_EQ(created.head.release, nullptr);
  hwlab_release(&created.head);
}

// Fails as a whole call does: with an error to print and a result that may be released.
template <class Result, class Call>
void expect_unsupported(const std::string& name, Call call) {
  auto result = soiled_result<Result>();
  auto error = soiled_error();
  EXPECT_EQ(call(&result, &error), HWLAB_UNSUPPORTED) << name;
  EXPECT_EQ(error.status, HWLAB_UNSUPPORTED);
  EXPECT_EQ(std::string(error.message), "this plugin has no " + name);
  EXPECT_EQ(error.flags, 0U);
  Result cleared{};
  cleared.head.struct_size = sizeof(Result);
  EXPECT_EQ(std::memcmp(&result, &cleared, sizeof(Result)), 0) << name;
  hwlab_release(&result.head);
  EXPECT_EQ(call(static_cast<Result*>(nullptr), static_cast<hwlab_error*>(nullptr)),
            HWLAB_UNSUPPORTED);
}

void expect_no_hook_but_create(const hwlab_store_hooks& hooks) {
  expect_unsupported<hwlab_add_message_result>("add_message", [&](auto* result, auto* error) {
    return hwlab_add_message(&hooks, nullptr, nullptr, result, error);
  });
  expect_unsupported<hwlab_append_messages_result>(
      "append_messages", [&](auto* result, auto* error) {
        return hwlab_append_messages(&hooks, nullptr, nullptr, result, error);
      });
  expect_unsupported<hwlab_get_conversation_result>(
      "get_conversation", [&](auto* result, auto* error) {
        return hwlab_get_conversation(&hooks, nullptr, nullptr, result, error);
      });
  expect_unsupported<hwlab_list_conversations_result>(
      "list_conversations", [&](auto* result, auto* error) {
        return hwlab_list_conversations(&hooks, nullptr, nullptr, result, error);
      });
}

TEST_F(CCalls, AHookBehindTheEndOfTheTableIsUnsupported) {
  ASSERT_EQ(load("short_table"), HWLAB_OK);
  expect_no_hook_but_create(hooks_);
}

TEST_F(CCalls, WithoutATableEveryHookIsUnsupported) {
  expect_no_hook_but_create(hooks_);
  expect_unsupported<hwlab_create_conversation_result>(
      "create_conversation", [this](auto* result, auto* error) {
        return hwlab_create_conversation(&hooks_, nullptr, nullptr, result, error);
      });
}

TEST_F(CCalls, MaintenanceIsUnsupportedWhereThePluginHasLess) {
  ASSERT_EQ(load("no_maintenance"), HWLAB_OK);
  ASSERT_EQ(hwlab_maintenance_of(&fake_plugin(), instance_), nullptr);
  expect_unsupported<hwlab_report_result>("report", [this](auto* result, auto* error) {
    return hwlab_report(nullptr, instance_, nullptr, nullptr, result, error);
  });
  expect_unsupported<hwlab_migrate_result>("migrate", [this](auto* result, auto* error) {
    return hwlab_migrate(nullptr, instance_, nullptr, nullptr, result, error);
  });
}

TEST_F(CCalls, MaintenanceReachesThePlugin) {
  ASSERT_EQ(load("good"), HWLAB_OK);
  const auto* const table = hwlab_maintenance_of(&fake_plugin(), instance_);
  const hwlab_report_request request{.struct_size = sizeof(request), .reserved = 0};
  auto report = soiled_result<hwlab_report_result>();
  EXPECT_EQ(hwlab_report(table, instance_, nullptr, &request, &report, &error_), HWLAB_OK);
  EXPECT_EQ(report.check_count, 2U);
  hwlab_release(&report.head);
  // The fake's table has a null pointer in its place.
  expect_unsupported<hwlab_repair_result>("repair", [&](auto* result, auto* error) {
    return hwlab_repair(table, instance_, nullptr, nullptr, result, error);
  });
}

TEST_F(CCalls, ASecondTableOfConversationsIsAConflict) {
  EXPECT_EQ(load("twice"), HWLAB_CONFLICT);
}

TEST_F(CCalls, HooksOfAnotherFamilyOrWithoutATableAreRefused) {
  EXPECT_EQ(hwlab_take_store_hooks(&hooks_, "hwlab.weather/1", "", nullptr, &error_),
            HWLAB_UNSUPPORTED);
  EXPECT_EQ(hwlab_take_store_hooks(&hooks_, HWLAB_CONVERSATION_STORE, nullptr, nullptr, &error_),
            HWLAB_INVALID);
  EXPECT_EQ(hooks_.table, nullptr);
}

TEST(CheckPlugin, RefusesWhatThisHostCannotUse) {
  auto plugin = fake_plugin();
  auto error = soiled_error();
  EXPECT_EQ(hwlab_check_plugin(nullptr, &error), HWLAB_CONFIG);
  plugin.magic = 7;
  EXPECT_EQ(hwlab_check_plugin(&plugin, &error), HWLAB_CONFIG);
  EXPECT_STREQ(error.message, "the library is no plugin of this family");
  plugin = fake_plugin();
  plugin.struct_size = 40;
  EXPECT_EQ(hwlab_check_plugin(&plugin, &error), HWLAB_CONFIG);
  EXPECT_STREQ(error.message, "the plugin's descriptor is not whole");
  plugin = fake_plugin();
  plugin.min_host_minor = HWLAB_ABI_MINOR + 1;
  EXPECT_EQ(hwlab_check_plugin(&plugin, &error), HWLAB_CONFIG);
  EXPECT_STREQ(error.message, "the plugin needs a later host");
}

TEST(Refuse, WritesNoMoreOfAnErrorThanItsSizeCovers) {
  auto error = soiled_error();
  error.struct_size = offsetof(hwlab_error, flags);
  EXPECT_EQ(hwlab_refuse(HWLAB_INVALID, "why", nullptr, &error), HWLAB_INVALID);
  EXPECT_EQ(error.status, HWLAB_INVALID);
  EXPECT_EQ(error.flags, 0x5a5a5a5aU);
}

TEST(Refuse, EndsAMessageThatTheSizeOfTheErrorCutsShort) {
  const std::string longer(1000, 'x');
  for (const std::size_t room : {std::size_t{1}, std::size_t{4}, sizeof(hwlab_error::message)}) {
    auto error = soiled_error();
    error.struct_size = static_cast<std::uint32_t>(offsetof(hwlab_error, message) + room);
    hwlab_refuse(HWLAB_INVALID, longer.c_str(), nullptr, &error);
    EXPECT_EQ(::strnlen(error.message, room), room - 1) << room;
    if (room < sizeof(error.message)) {
      EXPECT_EQ(error.message[room], 0x5a);
    }
  }
}

TEST(Refuse, CutsAMessageBetweenCharacters) {
  const std::vector<std::pair<std::uint32_t, std::string>> kept{
      {1, ""}, {2, "a"}, {3, "a"}, {4, "a\u00e4"}, {6, "a\u00e4"}, {7, "a\u00e4\u20ac"}};
  for (const auto& [room, wanted] : kept) {
    auto error = soiled_error();
    error.struct_size = static_cast<std::uint32_t>(offsetof(hwlab_error, message)) + room;
    hwlab_refuse(HWLAB_INVALID, "a\u00e4\u20ac\u00e4", nullptr, &error);
    EXPECT_EQ(std::string(error.message, ::strnlen(error.message, room)), wanted) << room;
  }
}

TEST(StatusName, AnUnknownStatusIsInternal) {
  EXPECT_STREQ(hwlab_status_name(HWLAB_NOT_FOUND), "NOT_FOUND");
  EXPECT_STREQ(hwlab_status_name(77), "INTERNAL");
  EXPECT_STREQ(hwlab_status_name(-5), "INTERNAL");
}

TEST(TextOf, NullIsAbsentAndEmptyIsEmpty) {
  EXPECT_EQ(hwlab_text_of(nullptr).data, nullptr);
  EXPECT_EQ(hwlab_text_of("").size, 0U);
  EXPECT_NE(hwlab_text_of("").data, nullptr);
}

}  // namespace
}  // namespace hwlab::test
