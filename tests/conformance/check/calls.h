// Calls of hooks as raw C, each of them checked for what holds of every call.
#pragma once

#include <hwlab/conversation_store.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace hwlab::check {

struct Create {
  using Request = hwlab_create_conversation_request;
  using Result = hwlab_create_conversation_result;
  static constexpr auto slot = &hwlab_conversation_store::create_conversation;
  static constexpr const char* name = "create_conversation";
};
struct Add {
  using Request = hwlab_add_message_request;
  using Result = hwlab_add_message_result;
  static constexpr auto slot = &hwlab_conversation_store::add_message;
  static constexpr const char* name = "add_message";
};
struct Append {
  using Request = hwlab_append_messages_request;
  using Result = hwlab_append_messages_result;
  static constexpr auto slot = &hwlab_conversation_store::append_messages;
  static constexpr const char* name = "append_messages";
};
struct Get {
  using Request = hwlab_get_conversation_request;
  using Result = hwlab_get_conversation_result;
  static constexpr auto slot = &hwlab_conversation_store::get_conversation;
  static constexpr const char* name = "get_conversation";
};
struct List {
  using Request = hwlab_list_conversations_request;
  using Result = hwlab_list_conversations_result;
  static constexpr auto slot = &hwlab_conversation_store::list_conversations;
  static constexpr const char* name = "list_conversations";
};

[[nodiscard]] const char* status_name(hwlab_status status) noexcept;

// Throws Failed unless status, error and result agree with each other.
void check_answer(const char* hook, hwlab_status status, const hwlab_error& error,
                  const hwlab_result& head);

// A result struct whose memory is released with it.
template <typename Result>
class Owned {
 public:
  Owned() noexcept { value_.head.struct_size = sizeof(Result); }
  Owned(Owned&& other) noexcept : value_(other.value_) { other.value_.head.release = nullptr; }
  Owned& operator=(Owned&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { release(); }
  void release() noexcept {
    if (value_.head.release != nullptr)
      value_.head.release(&value_.head);
    value_.head.release = nullptr;
  }
  [[nodiscard]] Result& get() noexcept { return value_; }
  [[nodiscard]] const Result& get() const noexcept { return value_; }

 private:
  Result value_{};
};

template <typename Hook>
struct Answer {
  hwlab_status status = HWLAB_INTERNAL;
  hwlab_error error{};
  Owned<typename Hook::Result> result;

  const typename Hook::Result* operator->() const { return &result.get(); }
  [[nodiscard]] bool existed() const { return (result.get().head.flags & HWLAB_EXISTED) != 0; }
  [[nodiscard]] bool maybe_applied() const { return (error.flags & HWLAB_MAYBE_APPLIED) != 0; }
};

// The hooks that an instance has registered.
struct Hooks {
  const hwlab_conversation_store* table = nullptr;
  void* self = nullptr;
};

// An exception that leaves the plugin ends the process here, and is told so (see child.cpp).
template <typename Hook>
hwlab_status call_raw(const Hooks& hooks, const hwlab_call* call,
                      const typename Hook::Request* request, typename Hook::Result* result,
                      hwlab_error* error) noexcept {
  return (hooks.table->*Hook::slot)(hooks.self, call, request, result, error);
}

inline constexpr std::uint32_t usual_timeout_ms = 30'000;

template <typename Hook>
Answer<Hook> ask(const Hooks& hooks, const typename Hook::Request& request,
                 std::uint32_t timeout_ms = usual_timeout_ms) {
  const hwlab_call call{sizeof call, timeout_ms};
  Answer<Hook> answer;
  answer.error.struct_size = sizeof answer.error;
  answer.status = call_raw<Hook>(hooks, &call, &request, &answer.result.get(), &answer.error);
  check_answer(Hook::name, answer.status, answer.error, answer.result.get().head);
  return answer;
}

// Throws Failed unless the status is the one wanted. `what` says what was asked.
void require_status(const char* hook, hwlab_status status, const hwlab_error& error,
                    hwlab_status wanted, std::string_view what);

template <typename Hook>
Answer<Hook> expect(const Hooks& hooks, const typename Hook::Request& request, hwlab_status wanted,
                    std::string_view what) {
  auto answer = ask<Hook>(hooks, request);
  require_status(Hook::name, answer.status, answer.error, wanted, what);
  return answer;
}

// ---- texts and requests ----
// What they are made of must live as long as they are used.

[[nodiscard]] inline hwlab_text text(std::string_view from) {
  return {from.data() != nullptr ? from.data() : "", from.size()};
}
[[nodiscard]] inline std::string_view view(const hwlab_text& from) {
  return from.data == nullptr ? std::string_view() : std::string_view(from.data, from.size);
}
// A random UUID, another one each time.
[[nodiscard]] std::string new_id();
[[nodiscard]] bool is_canonical_id(std::string_view id);

[[nodiscard]] hwlab_create_conversation_request create_request(std::string_view id);
[[nodiscard]] hwlab_new_message message_of(std::string_view id, std::string_view content,
                                           std::string_view role = "user");
[[nodiscard]] hwlab_add_message_request add_request(std::string_view conversation,
                                                    const hwlab_new_message& message);
[[nodiscard]] hwlab_append_messages_request append_request(std::string_view conversation,
                                                           const hwlab_new_message* const* messages,
                                                           std::size_t count);
[[nodiscard]] hwlab_get_conversation_request get_request(std::string_view id);
[[nodiscard]] hwlab_list_conversations_request list_request();

// Each must succeed.
[[nodiscard]] std::string new_conversation(const Hooks& hooks);
std::int64_t add(const Hooks& hooks, std::string_view conversation, std::string_view content);
[[nodiscard]] Answer<Get> read(const Hooks& hooks, std::string_view conversation);

}  // namespace hwlab::check
