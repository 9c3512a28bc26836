// Do the hooks refuse what they must before there is any server, and what a daemon did wrong about
// the plugin's life?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwlab/conversation_store.h>
#include <hwlab/maintenance.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/environment.h"

namespace hwlab::plugin {
namespace {

using testing::HasSubstr;

constexpr std::string_view some_id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
constexpr std::string_view other_id = "7b5e2d1f-6a8c-4b4a-8e4f-3c9a1d2e8f66";

// A struct of the contract, zero but for its size.
template <typename Struct>
Struct sized() {
  Struct made{};
  if constexpr (requires { made.head; })
    made.head.struct_size = sizeof made;
  else
    made.struct_size = sizeof made;
  return made;
}

hwlab_text text_of(std::string_view text) {
  return {text.data(), text.size()};
}

hwlab_new_message a_message(std::string_view id = {}) {
  auto message = sized<hwlab_new_message>();
  message.id = text_of(id);
  message.role = text_of("user");
  message.content = text_of("x");
  return message;
}

class Hooks : public testing::Test {
 protected:
  static hwlab_status take(void* ctx, const char* family, const void* table, void* self,
                           hwlab_error* error) {
    auto& test = *static_cast<Hooks*>(ctx);
    EXPECT_STREQ(family, HWLAB_CONVERSATION_STORE);
    test.hooks_ = static_cast<const hwlab_conversation_store*>(table);
    test.self_ = self;
    if (test.answer_ != HWLAB_OK)
      *error = {sizeof *error, test.answer_, 0, 0, 0, "", "the family is taken"};
    return test.answer_;
  }
  static void log(void* ctx, std::int32_t /*level*/, const hwlab_text* line) {
    static_cast<Hooks*>(ctx)->log_ += std::string(line->data, line->size) + "\n";
  }

  Hooks() {
    host_.ctx = this;
    host_.name = "plugin_test";
    host_.config = text_of(config_);
    host_.config_origin = text_of("test.yaml:7");
    host_.log = log;
    host_.register_hooks = take;
  }
  ~Hooks() override {
    if (instance_ != nullptr) {
      EXPECT_EQ(hwlab_plugin_v1.unload(instance_, 0, nullptr), HWLAB_OK);
    }
  }

  hwlab_status load(const hwlab_host* host) {
    return hwlab_plugin_v1.load(host, &instance_, &error_);
  }
  void load_or_fail() { ASSERT_EQ(load(&host_), HWLAB_OK) << error_.message; }

  template <typename Hook, typename Request, typename Result>
  hwlab_status call(Hook hook, const Request& request, Result& result) {
    const auto status = hook(self_, nullptr, &request, &result, &error_);
    EXPECT_EQ(status, error_.status);
    EXPECT_EQ(result.head.release, nullptr);
    return status;
  }

  // What an append of these messages is refused with.
  std::string refusal_of_append(const std::vector<hwlab_new_message>& messages,
                                std::int64_t expected_seq = 0) {
    std::vector<const hwlab_new_message*> pointers;
    pointers.reserve(messages.size());
    for (const auto& message : messages)
      pointers.push_back(&message);
    auto request = sized<hwlab_append_messages_request>();
    request.conversation_id = text_of(some_id);
    request.messages = pointers.data();
    request.message_count = pointers.size();
    request.expected_seq = expected_seq;
    auto result = sized<hwlab_append_messages_result>();
    EXPECT_EQ(call(hooks_->append_messages, request, result), HWLAB_INVALID);
    EXPECT_EQ(result.message_count, 0U);
    return error_.message;
  }

  // No call of these tests comes so far as to look for that server.
  test::Environment url_{"HWLAB_TEST_URL", "host=/nonexistent dbname=x user=y"};
  std::string config_ =
      "dsn: { env: HWLAB_TEST_URL }\nstartup: lazy\ncall_timeout: 100ms\n"
      "append: { max_waiting_bytes: 17MiB }\n";
  hwlab_host host_ = sized<hwlab_host>();
  hwlab_status answer_ = HWLAB_OK;
  const hwlab_conversation_store* hooks_ = nullptr;
  void* self_ = nullptr;
  void* instance_ = nullptr;
  std::string log_;
  hwlab_error error_ = sized<hwlab_error>();
};

TEST_F(Hooks, LoadRefusesWhatCannotBeAHost) {
  EXPECT_EQ(load(nullptr), HWLAB_INVALID);
  EXPECT_EQ(hwlab_plugin_v1.load(&host_, nullptr, &error_), HWLAB_INVALID);
  auto without_size = host_;
  without_size.struct_size = 0;
  EXPECT_EQ(load(&without_size), HWLAB_INVALID);
  auto unable = host_;
  unable.register_hooks = nullptr;
  EXPECT_EQ(load(&unable), HWLAB_UNSUPPORTED);
  EXPECT_EQ(instance_, nullptr);
  EXPECT_EQ(hooks_, nullptr);
}

TEST_F(Hooks, LoadChecksTheTextsOfTheHost) {
  auto host = host_;
  host.config = {nullptr, 4};
  EXPECT_EQ(load(&host), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("configuration is a null pointer"));
  host = host_;
  host.config_origin = text_of("test\xff.yaml");
  EXPECT_EQ(load(&host), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("config_origin is not valid UTF-8"));
  host = host_;
  host.config = text_of("pool: 7");
  EXPECT_EQ(load(&host), HWLAB_CONFIG);
  EXPECT_THAT(error_.message, HasSubstr("test.yaml:7"));
  EXPECT_EQ(instance_, nullptr);
}

TEST_F(Hooks, LoadNeedsNoNameNoLogAndNoOrigin) {
  host_.name = nullptr;
  host_.log = nullptr;
  host_.config_origin = {};
  load_or_fail();
  EXPECT_NE(instance_, nullptr);
}

TEST_F(Hooks, LoadTakesEveryModeOfMigrations) {
  for (const std::string mode : {"auto", "verify", "off"}) {
    const std::string config = config_ + "schema: { migrate: " + mode + " }\n";
    host_.config = text_of(config);
    load_or_fail();
    EXPECT_EQ(hwlab_plugin_v1.unload(instance_, 0, &error_), HWLAB_OK);
    instance_ = nullptr;
  }
}

TEST_F(Hooks, LoadHandsOnWhatTheHostRefusesWith) {
  answer_ = HWLAB_CONFLICT;
  EXPECT_EQ(load(&host_), HWLAB_CONFLICT);
  EXPECT_STREQ(error_.message, "the family is taken");
  EXPECT_EQ(instance_, nullptr);
}

TEST_F(Hooks, LoadThatVerifiesNeedsTheServer) {
  const std::string config = "dsn: { env: HWLAB_TEST_URL }\npool: { connect_timeout: 1s }\n";
  host_.config = text_of(config);
  EXPECT_EQ(load(&host_), HWLAB_UNAVAILABLE);
  EXPECT_EQ(instance_, nullptr);
}

TEST_F(Hooks, UnloadAndExtensionsTakeNull) {
  EXPECT_EQ(hwlab_plugin_v1.unload(nullptr, 0, &error_), HWLAB_INVALID);
  EXPECT_EQ(hwlab_plugin_v1.get_extension(nullptr, nullptr), nullptr);
  EXPECT_EQ(hwlab_plugin_v1.get_extension(nullptr, "hwlab.unknown/1"), nullptr);
  EXPECT_NE(hwlab_plugin_v1.get_extension(nullptr, HWLAB_MAINTENANCE), nullptr);
}

TEST_F(Hooks, RefuseWithoutSelfRequestResultOrCall) {
  load_or_fail();
  auto request = sized<hwlab_list_conversations_request>();
  auto result = sized<hwlab_list_conversations_result>();
  const auto list = hooks_->list_conversations;
  EXPECT_EQ(list(nullptr, nullptr, &request, &result, &error_), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("self is absent"));
  EXPECT_EQ(list(self_, nullptr, nullptr, &result, &error_), HWLAB_INVALID);
  EXPECT_EQ(list(self_, nullptr, &request, nullptr, &error_), HWLAB_INVALID);
  hwlab_call call{};
  EXPECT_EQ(list(self_, &call, &request, &result, &error_), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("the call"));
  request.reserved = 1;
  EXPECT_EQ(list(self_, nullptr, &request, &result, nullptr), HWLAB_TOO_NEW);

  const auto* const maintenance = static_cast<const hwlab_maintenance*>(
      hwlab_plugin_v1.get_extension(instance_, HWLAB_MAINTENANCE));
  const auto report_request = sized<hwlab_report_request>();
  auto report = sized<hwlab_report_result>();
  EXPECT_EQ(maintenance->report(nullptr, nullptr, &report_request, &report, &error_),
            HWLAB_INVALID);
  const auto migrate_request = sized<hwlab_migrate_request>();
  EXPECT_EQ(maintenance->migrate(self_, nullptr, &migrate_request, nullptr, &error_),
            HWLAB_INVALID);
  auto repaired = sized<hwlab_repair_result>();
  EXPECT_EQ(maintenance->repair(self_, nullptr, nullptr, &repaired, &error_), HWLAB_INVALID);
}

TEST_F(Hooks, SayUnavailableWhenTheirTimeIsOver) {
  load_or_fail();
  auto timeout = sized<hwlab_call>();
  for (const std::uint32_t milliseconds : {0U, 50U}) {
    timeout.timeout_ms = milliseconds;
    const auto request = sized<hwlab_list_conversations_request>();
    auto result = sized<hwlab_list_conversations_result>();
    EXPECT_EQ(hooks_->list_conversations(self_, &timeout, &request, &result, &error_),
              HWLAB_UNAVAILABLE);
    EXPECT_EQ(error_.flags, HWLAB_RETRYABLE);
  }
  const auto create = sized<hwlab_create_conversation_request>();
  auto created = sized<hwlab_create_conversation_result>();
  EXPECT_EQ(call(hooks_->create_conversation, create, created), HWLAB_UNAVAILABLE);
}

TEST_F(Hooks, RefuseAConversationOfWrongTexts) {
  load_or_fail();
  const std::string long_label(1025, 'x');
  using Request = hwlab_create_conversation_request;
  for (const auto member : {&Request::id, &Request::model, &Request::title, &Request::metadata}) {
    auto request = sized<Request>();
    request.*member = text_of(long_label);
    auto result = sized<hwlab_create_conversation_result>();
    EXPECT_EQ(call(hooks_->create_conversation, request, result), HWLAB_INVALID);
  }
}

TEST_F(Hooks, RefuseAMessageBeforeItIsSent) {
  load_or_fail();
  const auto message = a_message();
  auto request = sized<hwlab_add_message_request>();
  auto result = sized<hwlab_add_message_result>();
  request.message = &message;
  EXPECT_EQ(call(hooks_->add_message, request, result), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("the conversation's id is absent"));
  request.conversation_id = text_of(some_id);
  request.expected_seq = -2;
  EXPECT_EQ(call(hooks_->add_message, request, result), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("expected_seq"));
  request.expected_seq = 0;
  request.message = nullptr;
  EXPECT_EQ(call(hooks_->add_message, request, result), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("a message is absent"));
}

TEST_F(Hooks, RefuseAnAppendOfNothingOrOfTooMuch) {
  load_or_fail();
  auto request = sized<hwlab_append_messages_request>();
  auto result = sized<hwlab_append_messages_result>();
  request.conversation_id = text_of(some_id);
  request.message_count = 1;
  EXPECT_EQ(call(hooks_->append_messages, request, result), HWLAB_INVALID);
  EXPECT_THAT(error_.message, HasSubstr("no message to append"));
  EXPECT_THAT(refusal_of_append({}), HasSubstr("no message to append"));
  EXPECT_THAT(refusal_of_append(std::vector(10'001, a_message())), HasSubstr("at most 10,000"));
  EXPECT_THAT(refusal_of_append({a_message(some_id), a_message(other_id), a_message(some_id)}),
              HasSubstr("have the same id"));
  EXPECT_THAT(refusal_of_append({a_message()}, -3), HasSubstr("expected_seq"));
  // Each is allowed by itself.
  const std::string half(9U << 20U, 'x');
  auto large = a_message();
  large.content = text_of(half);
  EXPECT_THAT(refusal_of_append({large, large}), HasSubstr("bytes together"));
}

TEST_F(Hooks, RefuseARangeThatIsNone) {
  load_or_fail();
  const auto refused = [this](auto change) {
    auto request = sized<hwlab_get_conversation_request>();
    request.id = text_of(some_id);
    change(request);
    auto result = sized<hwlab_get_conversation_result>();
    EXPECT_EQ(call(hooks_->get_conversation, request, result), HWLAB_INVALID);
    return std::string(error_.message);
  };
  EXPECT_THAT(refused([](auto& request) { request.id = {}; }), HasSubstr("id is absent"));
  EXPECT_THAT(refused([](auto& request) { request.after_seq = -1; }), HasSubstr("negative"));
  EXPECT_THAT(refused([](auto& request) { request.before_seq = -1; }), HasSubstr("negative"));
  EXPECT_THAT(refused([](auto& request) { request.last_n = request.limit = 1; }),
              HasSubstr("cannot both be given"));
}

TEST_F(Hooks, RefuseAPageThatIsNone) {
  load_or_fail();
  const auto refused = [this](auto change) {
    auto request = sized<hwlab_list_conversations_request>();
    change(request);
    auto result = sized<hwlab_list_conversations_result>();
    EXPECT_EQ(call(hooks_->list_conversations, request, result), HWLAB_INVALID);
    return std::string(error_.message);
  };
  EXPECT_THAT(refused([](auto& request) { request.order = 2; }), HasSubstr("the order"));
  EXPECT_THAT(refused([](auto& request) { request.limit = 101; }), HasSubstr("limit"));
  const std::string long_cursor(257, 's');
  EXPECT_THAT(refused([&](auto& request) { request.cursor = text_of(long_cursor); }),
              HasSubstr("at most 256"));
  EXPECT_THAT(refused([](auto& request) { request.cursor = text_of("canary"); }),
              testing::AllOf(HasSubstr("cursor"), testing::Not(HasSubstr("canary"))));
}

}  // namespace
}  // namespace hwlab::plugin
