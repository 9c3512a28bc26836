#include "tests/fuzz/calls.h"

#include <utf8.h>

#include <string>

#include "tests/fuzz/structs.h"

namespace hwlab::fuzz {
namespace {

enum Absent : unsigned { call = 1, request = 2, result = 4, error = 8, self = 16, message = 32 };

// ---- what must be true ----

void touch(const hwlab_text& text) {
  if (text.data == nullptr)
    return claim(text.size == 0, "an absent text has no size");
  claim(utf8::is_valid(text.data, text.data + text.size), "a text that is given out is UTF-8");
}

void check_message(std::string_view text, bool words_of_others) {
  claim(utf8::is_valid(text.begin(), text.end()), "a message is UTF-8");
  claim(!has(text, canary), "and shows no text of the caller");
  claim(words_of_others || is_printable_ascii(text), "and is in our own words");
}

// As much of it as the struct has room for.
std::string message_of(const Sized<hwlab_error>& error) {
  const auto read = error.read();
  const std::string_view room(read.message, std::min<std::size_t>(error.size(), sizeof read) -
                                                offsetof(hwlab_error, message));
  claim(has(room, std::string_view("\0", 1)), "a message ends");
  return std::string(room.substr(0, room.find('\0')));
}

void check_error(const Sized<hwlab_error>& error, hwlab_status status, bool words_of_others) {
  claim(status >= HWLAB_OK && status <= HWLAB_INTERNAL, "a status is one of those there are");
  claim(error.is_size_kept(), "the size of an error is the caller's");
  if (error.size() < sizeof(std::uint32_t))
    return;
  const auto read = error.read();
  if (error.size() >= offsetof(hwlab_error, flags))
    claim(read.status == status, "the error's status is the call's");
  if (error.size() > offsetof(hwlab_error, message)) {
    const auto text = message_of(error);
    claim(text.empty() == (status == HWLAB_OK) || error.size() < sizeof(hwlab_error),
          "a message says what went wrong");
    check_message(text, words_of_others);
  }
  if (!error.is_absurd())
    claim(error.is_zero_behind(sizeof(hwlab_error)), "nothing stands behind an error");
}

void check_content(const hwlab_create_conversation_result& result) {
  touch(result.id);
}
void check_content(const hwlab_add_message_result& result) {
  touch(result.id);
}
void check_content(const hwlab_append_messages_result& result) {
  for (std::size_t i = 0; i < result.message_count; ++i)
    touch(result.messages[i]->id);
}
void check_record(const hwlab_conversation& conversation) {
  touch(conversation.id);
  touch(conversation.model);
  touch(conversation.title);
  touch(conversation.metadata);
}
void check_content(const hwlab_get_conversation_result& result) {
  check_record(*result.conversation);
  for (std::size_t i = 0; i < result.message_count; ++i) {
    touch(result.messages[i]->content);
    touch(result.messages[i]->metadata);
  }
}
void check_content(const hwlab_list_conversations_result& result) {
  for (std::size_t i = 0; i < result.conversation_count; ++i)
    check_record(*result.conversations[i]);
  touch(result.next_cursor);
}
void check_content(const hwlab_report_result& result) {
  for (std::size_t i = 0; i < result.check_count; ++i) {
    touch(result.checks[i]->name);
    touch(result.checks[i]->value);
    touch(result.checks[i]->remedy);
  }
}
void check_content(const hwlab_migrate_result& result) {
  for (std::size_t i = 0; i < result.applied_count; ++i)
    touch(result.applied[i]->name);
}
void check_content(const hwlab_repair_result& /*result*/) {}

template <typename Result>
void check_and_release(Sized<Result>& result, hwlab_status status, const hwlab_error* error) {
  claim(result.is_size_kept(), "the size of a result is the caller's");
  if (result.is_absurd() || result.size() < sizeof(hwlab_result))
    return claim(status != HWLAB_OK, "without room for a result no call is made");
  auto& head = result.get()->head;
  const bool maybe = error != nullptr && (error->flags & HWLAB_MAYBE_APPLIED) != 0;
  if (status == HWLAB_OK || maybe)
    claim(head.release != nullptr, "a result is given");
  else if (error != nullptr)
    claim(head.release == nullptr, "no result is given");
  claim(result.is_zero_behind(sizeof(Result)), "nothing stands behind a result");
  if (head.release == nullptr)
    return claim(result.is_zero_behind(sizeof head.struct_size), "what is not given is zero");
  if (result.size() >= sizeof(Result))
    check_content(*result.get());
  head.release(&head);
  claim(head.release == nullptr, "a result is released once");
}

// ---- a call ----

// What every call has, read before its own texts.
struct Frame {
  unsigned absent;
  unsigned char tail;
  Sized<hwlab_call> call;
  Sized<hwlab_error> error;

  Frame(Input& input, const CallOptions& options)
      : absent(input.number<std::uint8_t>()),
        tail(input.number<std::uint8_t>()),
        call(read_call(input, options), read_size(input, sizeof(hwlab_call)), tail),
        error({}, read_size(input, sizeof(hwlab_error), 1), 0xA5) {}

  static hwlab_call read_call(Input& input, const CallOptions& options) {
    return {0, 1 + input.number<std::uint8_t>() % options.longest_timeout_ms};
  }
  [[nodiscard]] bool lacks(Absent what) const { return (absent & what) != 0; }
};

struct Context {
  const Loaded& loaded;
  Input& input;
  const CallOptions& options;
  Texts texts;
  Frame frame;
};

// Calls the hook with the request, and checks what it comes to.
template <typename Result, typename Request, typename Hook>
void run(Context& context, const Request& content, Hook hook, void* self) {
  Frame& frame = context.frame;
  Input& input = context.input;
  Sized<Request> request(content, read_size(input, sizeof(Request)), frame.tail);
  Sized<Result> result({}, read_size(input, sizeof(Result), 1), 0x5A);
  // Members as a caller leaves them, who has set the size only.
  if (!result.is_absurd())
    std::memset(reinterpret_cast<unsigned char*>(result.get()) + sizeof(std::uint32_t), 0x5A,
                result.size() - sizeof(std::uint32_t));
  hwlab_error* const error = frame.lacks(Absent::error) ? nullptr : frame.error.get();
  const auto status = hook(frame.lacks(Absent::self) ? nullptr : self,
                           frame.lacks(Absent::call) ? nullptr : frame.call.get(),
                           frame.lacks(Absent::request) ? nullptr : request.get(),
                           frame.lacks(Absent::result) ? nullptr : result.get(), error);
  if (error != nullptr)
    check_error(frame.error, status, context.options.words_of_others);
  const bool is_whole_error = error != nullptr && frame.error.size() >= sizeof(hwlab_error);
  if (!frame.lacks(Absent::result))
    check_and_release(result, status, is_whole_error ? error : nullptr);
  if (status != HWLAB_OK)
    return;
  claim(!frame.lacks(Absent::self) && !frame.lacks(Absent::request) && !request.is_absurd() &&
            (frame.lacks(Absent::call) || !frame.call.is_absurd()),
        "a call that is not whole fails");
  claim(request.is_zero_behind(sizeof(Request)) &&
            (frame.lacks(Absent::call) || frame.call.is_zero_behind(sizeof(hwlab_call))),
        "what is not known is refused");
}

Sized<hwlab_new_message> read_message(Context& context) {
  Input& input = context.input;
  const auto size = read_size(input, sizeof(hwlab_new_message));
  hwlab_new_message message{};
  message.reserved = input.number<std::uint8_t>() == 0xFF ? 1 : 0;
  message.created_at_us = input.number<std::int64_t>();
  message.id = context.texts.next(input);
  message.role = context.texts.next(input);
  message.content = context.texts.next(input);
  message.metadata = context.texts.next(input);
  return {message, size, context.frame.tail};
}

void create(Context& context) {
  hwlab_create_conversation_request request{};
  request.reserved = context.input.number<std::uint8_t>() == 0xFF ? 1 : 0;
  request.id = context.texts.next(context.input);
  request.model = context.texts.next(context.input);
  request.title = context.texts.next(context.input);
  request.metadata = context.texts.next(context.input);
  run<hwlab_create_conversation_result>(context, request,
                                        context.loaded.registered.hooks->create_conversation,
                                        context.loaded.registered.self);
}

void add(Context& context) {
  hwlab_add_message_request request{};
  request.expected_seq = context.input.number<std::int64_t>();
  request.conversation_id = context.texts.next(context.input);
  auto message = read_message(context);
  request.message = context.frame.lacks(Absent::message) ? nullptr : message.get();
  run<hwlab_add_message_result>(context, request, context.loaded.registered.hooks->add_message,
                                context.loaded.registered.self);
}

void append(Context& context) {
  hwlab_append_messages_request request{};
  // Up to 31, or more than are taken at once.
  const unsigned choice = context.input.number<std::uint8_t>();
  request.message_count = choice < 0xF0 ? choice % 32 : 10'001;
  request.expected_seq = context.input.number<std::int64_t>();
  request.conversation_id = context.texts.next(context.input);
  std::vector<Sized<hwlab_new_message>> messages;
  for (std::size_t i = 0; i < std::min<std::size_t>(request.message_count, 4); ++i)
    messages.push_back(read_message(context));
  std::vector<const hwlab_new_message*> pointers(request.message_count);
  for (std::size_t i = 0; i < pointers.size(); ++i)
    pointers[i] = messages[i % messages.size()].get();
  if (context.frame.lacks(Absent::message) && !pointers.empty())
    pointers.back() = nullptr;
  pointers.shrink_to_fit();
  request.messages = context.frame.tail == 1 ? nullptr : pointers.data();
  run<hwlab_append_messages_result>(context, request,
                                    context.loaded.registered.hooks->append_messages,
                                    context.loaded.registered.self);
}

void get(Context& context) {
  Input& input = context.input;
  hwlab_get_conversation_request request{};
  request.last_n = input.number<std::uint32_t>();
  request.limit = input.number<std::uint32_t>();
  request.after_seq = input.number<std::int64_t>();
  request.before_seq = input.number<std::int64_t>();
  request.reserved = input.number<std::uint8_t>() == 0xFF ? 1 : 0;
  request.id = context.texts.next(input);
  run<hwlab_get_conversation_result>(context, request,
                                     context.loaded.registered.hooks->get_conversation,
                                     context.loaded.registered.self);
}

void list(Context& context) {
  Input& input = context.input;
  hwlab_list_conversations_request request{};
  request.order = input.number<std::int8_t>();
  request.limit = input.number<std::uint8_t>();
  request.reserved = input.number<std::uint8_t>() == 0xFF ? 1 : 0;
  request.cursor = context.texts.next(input);
  run<hwlab_list_conversations_result>(context, request,
                                       context.loaded.registered.hooks->list_conversations,
                                       context.loaded.registered.self);
}

template <typename Result, typename Request, typename Hook>
void maintain(Context& context, Hook hook) {
  Request request{};
  request.reserved = context.input.number<std::uint8_t>() == 0xFF ? 1 : 0;
  run<Result>(context, request, hook, context.loaded.instance);
}

}  // namespace

void make_call(const Loaded& loaded, Input& input, const CallOptions& options) {
  const unsigned kind = input.number<std::uint8_t>();
  Context context{loaded, input, options, {}, Frame(input, options)};
  switch (kind % 8) {
    case 0:
      return create(context);
    case 1:
      return add(context);
    case 2:
      return append(context);
    case 3:
      return get(context);
    case 4:
      return list(context);
    case 5:
      return maintain<hwlab_report_result, hwlab_report_request>(context,
                                                                 loaded.maintenance->report);
    case 6:
      return maintain<hwlab_migrate_result, hwlab_migrate_request>(context,
                                                                   loaded.maintenance->migrate);
    default:
      return maintain<hwlab_repair_result, hwlab_repair_request>(context,
                                                                 loaded.maintenance->repair);
  }
}

void try_load(const hwlab_plugin& plugin, Input& input, std::string_view config) {
  const unsigned absent = input.number<std::uint8_t>();
  const auto size = read_size(input, sizeof(hwlab_host));
  Sized<hwlab_error> error({}, read_size(input, sizeof(hwlab_error), 1), 0xA5);
  Texts texts;
  Registered registered;
  const std::string section = std::string(config) + std::string(input.text());
  hwlab_host host = make_host(registered, section);
  if ((absent & 1U) != 0)
    host.config = texts.next(input);
  host.config_origin = texts.next(input);
  if ((absent & 2U) != 0)
    host.log = nullptr;
  if ((absent & 4U) != 0)
    host.name = nullptr;
  if ((absent & 8U) != 0)
    host.register_hooks = nullptr;
  Sized<hwlab_host> sized(host, size, 0xFF);
  void* instance = &registered;
  void** const place = (absent & 16U) != 0 ? nullptr : &instance;
  const auto status = plugin.load((absent & 32U) != 0 ? nullptr : sized.get(), place, error.get());
  // The configuration's own errors show its keys, and where it stands.
  claim(status >= HWLAB_OK && status <= HWLAB_INTERNAL, "a status is one of those there are");
  claim(error.is_size_kept(), "the size of an error is the caller's");
  if (error.size() >= sizeof(hwlab_error)) {
    const auto text = message_of(error);
    claim(utf8::is_valid(text.begin(), text.end()), "a message is UTF-8");
    claim(text.empty() == (status == HWLAB_OK), "and says what went wrong");
  }
  if (place != nullptr)
    claim((instance != nullptr) == (status == HWLAB_OK), "an instance is given on success");
  if (status != HWLAB_OK)
    return;
  claim(registered.hooks != nullptr && registered.self != nullptr, "its hooks are registered");
  claim(plugin.unload(instance, 0, error.get()) == HWLAB_OK, "and it can be unloaded");
}

}  // namespace hwlab::fuzz
