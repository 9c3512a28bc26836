#include "calls.h"

#include <utf8.h>

#include <array>
#include <cstring>
#include <random>

#include "expect.h"

namespace hwlab::check {

const char* status_name(hwlab_status status) noexcept {
  constexpr std::array names{"OK",      "INVALID",     "NOT_FOUND",  "CONFLICT", "UNSUPPORTED",
                             "TOO_NEW", "UNAVAILABLE", "OVERLOADED", "TIMEOUT",  "PERMISSION",
                             "STOPPED", "CONFIG",      "NO_MEMORY",  "INTERNAL"};
  return status >= 0 && static_cast<std::size_t>(status) < names.size()
             ? names.at(static_cast<std::size_t>(status))
             : "a status that this header does not know";
}

void check_answer(const char* hook, hwlab_status status, const hwlab_error& error,
                  const hwlab_result& head) {
  const auto at = [&] { return join(hook, " (", status_name(status), "): "); };
  require(status >= HWLAB_OK && status <= HWLAB_INTERNAL, at(), "the status is ", status);
  require(error.struct_size == sizeof error, at(), "struct_size of the error was changed");
  require(error.status == status, at(), "the error says ", status_name(error.status));
  const std::size_t length = ::strnlen(error.message, sizeof error.message);
  require(length < sizeof error.message, at(), "the error's message is not terminated");
  require(utf8::is_valid(error.message, error.message + length), at(),
          "the error's message is not UTF-8");
  require((status == HWLAB_OK) == (length == 0), at(),
          status == HWLAB_OK ? "there is a message on success" : "the error has no message");
  require((error.flags & ~(HWLAB_RETRYABLE | HWLAB_MAYBE_APPLIED)) == 0, at(),
          "the error has flags that this header does not know");
  const std::size_t state = ::strnlen(error.sqlstate, sizeof error.sqlstate);
  require(state == 0 || state == 5, at(), "the sqlstate has ", state, " characters");
  require(status != HWLAB_OK || (error.flags == 0 && state == 0 && error.retry_after_ms == 0), at(),
          "the error is not clear on success");
  const bool given = status == HWLAB_OK || (error.flags & HWLAB_MAYBE_APPLIED) != 0;
  require((head.release != nullptr) == given, at(),
          given ? "no result was given" : "a result was given beside an error");
}

void require_status(const char* hook, hwlab_status status, const hwlab_error& error,
                    hwlab_status wanted, std::string_view what) {
  require(status == wanted, hook, " with ", what, ": expected ", status_name(wanted), ", got ",
          status_name(status), status == HWLAB_OK ? "" : " (",
          status == HWLAB_OK ? "" : error.message, status == HWLAB_OK ? "" : ")");
}

std::string new_id() {
  static thread_local std::random_device random;
  constexpr const char* digits = "0123456789abcdef";
  std::string id = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : id)
    if (c == 'x')
      c = digits[random() % 16];
  return id;
}

bool is_canonical_id(std::string_view id) {
  if (id.size() != 36)
    return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-'
             : std::string_view("0123456789abcdef").find(id[i]) == std::string_view::npos)
      return false;
  }
  return true;
}

hwlab_create_conversation_request create_request(std::string_view id) {
  hwlab_create_conversation_request request{};
  request.struct_size = sizeof request;
  request.id = text(id);
  request.model = text("check");
  return request;
}

hwlab_new_message message_of(std::string_view id, std::string_view content, std::string_view role) {
  hwlab_new_message message{};
  message.struct_size = sizeof message;
  message.id = text(id);
  message.role = text(role);
  message.content = text(content);
  return message;
}

hwlab_add_message_request add_request(std::string_view conversation,
                                      const hwlab_new_message& message) {
  hwlab_add_message_request request{};
  request.struct_size = sizeof request;
  request.conversation_id = text(conversation);
  request.message = &message;
  return request;
}

hwlab_append_messages_request append_request(std::string_view conversation,
                                             const hwlab_new_message* const* messages,
                                             std::size_t count) {
  hwlab_append_messages_request request{};
  request.struct_size = sizeof request;
  request.conversation_id = text(conversation);
  request.messages = messages;
  request.message_count = count;
  return request;
}

hwlab_get_conversation_request get_request(std::string_view id) {
  hwlab_get_conversation_request request{};
  request.struct_size = sizeof request;
  request.id = text(id);
  return request;
}

hwlab_list_conversations_request list_request() {
  hwlab_list_conversations_request request{};
  request.struct_size = sizeof request;
  return request;
}

std::string new_conversation(const Hooks& hooks) {
  std::string id = new_id();
  const auto answer = expect<Create>(hooks, create_request(id), HWLAB_OK, "a new id");
  require(view(answer->id) == id, "create_conversation gave back another id than it was given");
  return id;
}

std::int64_t add(const Hooks& hooks, std::string_view conversation, std::string_view content) {
  const std::string id = new_id();
  const auto message = message_of(id, content);
  return expect<Add>(hooks, add_request(conversation, message), HWLAB_OK, "a new message")->seq;
}

Answer<Get> read(const Hooks& hooks, std::string_view conversation) {
  auto answer =
      expect<Get>(hooks, get_request(conversation), HWLAB_OK, "a conversation that is there");
  require(answer->conversation != nullptr, "get_conversation: OK without a conversation");
  require(answer->message_count == 0 || answer->messages != nullptr,
          "get_conversation: a count without messages");
  return answer;
}

}  // namespace hwlab::check
