// Does the plugin read and write no more of a struct than its struct_size covers?
#include <array>
#include <cstring>
#include <initializer_list>

#include "cases.h"
#include "daemon.h"
#include "expect.h"
#include "memory.h"

namespace hwlab::check {
namespace {

constexpr unsigned char canary = 0xA5;
constexpr std::size_t room = 512;  // for a struct and what stands behind it

// A struct with bytes behind it.
template <typename Struct>
class Extended {
 public:
  Extended(const Struct& from, std::size_t size, unsigned char tail) {
    bytes_.fill(tail);
    std::memcpy(bytes_.data(), &from, std::min(size, sizeof from));
    const auto told = static_cast<std::uint32_t>(size);
    std::memcpy(bytes_.data(), &told, sizeof told);  // struct_size stands first in all of them
  }
  Struct* get() { return reinterpret_cast<Struct*>(bytes_.data()); }
  // Whether the bytes from `first` on are as they were.
  [[nodiscard]] bool is_intact_from(std::size_t first) const {
    for (std::size_t i = first; i < bytes_.size(); ++i)
      if (bytes_.at(i) != canary)
        return false;
    return true;
  }

 private:
  alignas(16) std::array<unsigned char, room> bytes_{};
};

// Sends `request` in every size that says the same, and in those that must be refused.
template <typename Hook, typename Renew>
void try_sizes(const Hooks& hooks, Renew renew, std::initializer_list<std::size_t> shorter) {
  using Request = typename Hook::Request;
  const auto send = [&](std::size_t size, unsigned char tail, hwlab_status wanted) {
    Extended<Request> request(renew(), size, tail);
    const auto answer = ask<Hook>(hooks, *request.get());
    require_status(Hook::name, answer.status, answer.error, wanted,
                   join("a request of ", size, " bytes (it has ", sizeof(Request),
                        tail == 0 ? ") whose surplus is zero" : ") whose surplus is not zero"));
  };
  for (const std::size_t size : shorter)
    send(size, 0xFF, HWLAB_OK);  // what is not covered must not be read
  send(sizeof(Request), 0xFF, HWLAB_OK);
  for (const std::size_t more : {1U, 4U, 8U, 64U}) {
    send(sizeof(Request) + more, 0, HWLAB_OK);
    send(sizeof(Request) + more, 1, HWLAB_TOO_NEW);
  }
  auto reserved = renew();
  reserved.reserved = 1;
  auto refused = ask<Hook>(hooks, reserved);
  require_status(Hook::name, refused.status, refused.error, HWLAB_TOO_NEW,
                 "a reserved member that is not zero");
  // Only the last byte of the surplus says something.
  Extended<Request> request(renew(), sizeof(Request) + 64, 0);
  reinterpret_cast<unsigned char*>(request.get())[sizeof(Request) + 63] = 1;
  const auto answer = ask<Hook>(hooks, *request.get());
  require_status(Hook::name, answer.status, answer.error, HWLAB_TOO_NEW,
                 "a request of which only the last byte is unknown");
}

}  // namespace

void request_sizes(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  add(hooks, conversation, "first");

  using C = hwlab_create_conversation_request;
  std::string id;
  try_sizes<Create>(hooks,
                    [&] {
                      id = new_id();
                      return create_request(id);
                    },
                    {4, 8, offsetof(C, model), offsetof(C, title), offsetof(C, metadata)});

  std::string message_id;
  hwlab_new_message message{};
  const auto renewed = [&] {
    message_id = new_id();
    message = message_of(message_id, "x");
    return &message;
  };
  try_sizes<Add>(hooks, [&] { return add_request(conversation, *renewed()); },
                 {offsetof(hwlab_add_message_request, expected_seq)});
  const hwlab_new_message* pointer = &message;
  try_sizes<Append>(hooks,
                    [&] {
                      renewed();
                      return append_request(conversation, &pointer, 1);
                    },
                    {offsetof(hwlab_append_messages_request, expected_seq)});
  using G = hwlab_get_conversation_request;
  try_sizes<Get>(
      hooks, [&] { return get_request(conversation); },
      {offsetof(G, after_seq), offsetof(G, before_seq), offsetof(G, limit), offsetof(G, reserved)});
  using L = hwlab_list_conversations_request;
  try_sizes<List>(hooks, [] { return list_request(); },
                  {4, 8, offsetof(L, cursor), offsetof(L, limit), offsetof(L, reserved)});
}

void message_sizes(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  const auto send = [&](std::size_t size, unsigned char tail, hwlab_status wanted) {
    const std::string id = new_id();
    Extended<hwlab_new_message> message(message_of(id, "x"), size, tail);
    const std::string what = join("a message of ", size, " bytes, behind it ", int{tail});
    expect<Add>(hooks, add_request(conversation, *message.get()), wanted, what);
    const std::string other_id = new_id();
    Extended<hwlab_new_message> other(message_of(other_id, "x"), size, tail);
    const hwlab_new_message* const pointer = other.get();
    expect<Append>(hooks, append_request(conversation, &pointer, 1), wanted, what);
  };
  send(offsetof(hwlab_new_message, metadata), 0xFF, HWLAB_OK);
  send(offsetof(hwlab_new_message, created_at_us), 0xFF, HWLAB_OK);
  send(sizeof(hwlab_new_message), 0xFF, HWLAB_OK);
  send(sizeof(hwlab_new_message) + 8, 0, HWLAB_OK);
  send(sizeof(hwlab_new_message) + 8, 1, HWLAB_TOO_NEW);
}

void call_sizes(const Subject& subject) {
  const Instance instance(subject);
  const auto send = [&](std::size_t size, unsigned char tail, hwlab_status wanted) {
    const hwlab_call usual{sizeof usual, usual_timeout_ms};
    Extended<hwlab_call> call(usual, size, tail);
    const auto request = list_request();
    Owned<hwlab_list_conversations_result> result;
    hwlab_error error{};
    error.struct_size = sizeof error;
    const auto status =
        call_raw<List>(instance.hooks(), call.get(), &request, &result.get(), &error);
    check_answer(List::name, status, error, result.get().head);
    require_status(List::name, status, error, wanted,
                   join("a hwlab_call of ", size, " bytes, behind it ", int{tail}));
  };
  send(4, 0xFF, HWLAB_OK);
  send(sizeof(hwlab_call), 0xFF, HWLAB_OK);
  send(sizeof(hwlab_call) + 8, 0, HWLAB_OK);
  send(sizeof(hwlab_call) + 8, 1, HWLAB_TOO_NEW);
}

namespace {

// The result is written as far as struct_size says, and no further.
template <typename Hook>
void try_result(const Hooks& hooks, const typename Hook::Request& request, hwlab_status wanted,
                std::size_t size) {
  using Result = typename Hook::Result;
  Result dirty;
  std::memset(&dirty, canary, sizeof dirty);
  Extended<Result> result(dirty, size, canary);
  std::memset(result.get(), canary, sizeof(Result));
  result.get()->head.struct_size = static_cast<std::uint32_t>(size);
  hwlab_error error{};
  error.struct_size = sizeof error;
  const hwlab_call call{sizeof call, usual_timeout_ms};
  const auto status = call_raw<Hook>(hooks, &call, &request, result.get(), &error);
  const std::string what = join("a result of ", size, " bytes (it has ", sizeof(Result), ")");
  require_status(Hook::name, status, error, wanted, what);
  require(result.is_intact_from(size), Hook::name, " wrote beyond ", what);
  hwlab_result& head = result.get()->head;
  require(head.struct_size == size, Hook::name, " changed struct_size of ", what);
  check_answer(Hook::name, status, error, head);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(result.get());
  for (std::size_t at = sizeof(hwlab_result); at + 8 <= std::min(size, sizeof(Result)); at += 8) {
    std::size_t untouched = 0;
    for (std::size_t i = at; i < at + 8; ++i)
      untouched += bytes[i] == canary ? 1 : 0;
    require(untouched < 8, Hook::name, " did not write the member at ", at, " of ", what);
  }
  if (head.release != nullptr) {
    head.release(&head);
    require(head.release == nullptr, "release did not set release to a null pointer");
    require(result.is_intact_from(size), "release wrote beyond ", what);
  }
}

template <typename Hook, typename Renew>
void try_results(const Hooks& hooks, Renew renew, hwlab_status wanted) {
  for (std::size_t size = sizeof(hwlab_result); size <= sizeof(typename Hook::Result); size += 8)
    try_result<Hook>(hooks, renew(), wanted, size);
  for (const std::size_t more : {8U, 64U})
    try_result<Hook>(hooks, renew(), wanted, sizeof(typename Hook::Result) + more);
}

}  // namespace

void result_sizes(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string known = new_conversation(hooks);
  const std::string unknown = new_id();
  std::string id;
  try_results<Create>(
      hooks,
      [&] {
        id = new_id();
        return create_request(id);
      },
      HWLAB_OK);
  for (const std::string* const conversation : {&known, &unknown}) {
    const hwlab_status wanted = conversation == &known ? HWLAB_OK : HWLAB_NOT_FOUND;
    hwlab_new_message message{};
    const hwlab_new_message* const pointer = &message;
    try_results<Add>(
        hooks,
        [&] {
          id = new_id();
          message = message_of(id, "x");
          return add_request(*conversation, message);
        },
        wanted);
    try_results<Append>(
        hooks,
        [&] {
          id = new_id();
          message = message_of(id, "x");
          return append_request(*conversation, &pointer, 1);
        },
        wanted);
    try_results<Get>(
        hooks, [&] { return get_request(*conversation); }, wanted);
  }
  try_results<List>(
      hooks, [] { return list_request(); }, HWLAB_OK);
}

void error_sizes(const Subject& subject) {
  const Instance instance(subject);
  const std::string unknown = new_id();
  for (const bool fails : {true, false}) {
    for (const std::size_t size : {std::size_t{4}, std::size_t{8}, std::size_t{12}, std::size_t{16},
                                   std::size_t{24}, std::size_t{32}, std::size_t{40},
                                   std::size_t{64}, sizeof(hwlab_error) - 1, sizeof(hwlab_error)}) {
      std::array<unsigned char, sizeof(hwlab_error) + 64> bytes{};
      bytes.fill(canary);
      auto* const error = reinterpret_cast<hwlab_error*>(bytes.data());
      error->struct_size = static_cast<std::uint32_t>(size);
      const hwlab_call call{sizeof call, usual_timeout_ms};
      Owned<hwlab_get_conversation_result> got;
      Owned<hwlab_list_conversations_result> listed;
      const auto get = get_request(unknown);
      const auto list = list_request();
      const hwlab_status status =
          fails ? call_raw<Get>(instance.hooks(), &call, &get, &got.get(), error)
                : call_raw<List>(instance.hooks(), &call, &list, &listed.get(), error);
      const std::string what = join("an error of ", size, " bytes");
      require(status == (fails ? HWLAB_NOT_FOUND : HWLAB_OK), "with ", what, " the status is ",
              status_name(status));
      for (std::size_t i = size; i < bytes.size(); ++i)
        require(bytes.at(i) == canary, "a hook wrote beyond ", what);
      require(size < 8 || error->status == status, what, " does not hold the status");
      if (size > offsetof(hwlab_error, message)) {
        const std::size_t held = size - offsetof(hwlab_error, message);
        require(::strnlen(error->message, held) < held, "the message in ", what,
                " is not terminated");
      }
    }
  }
}

void guard_pages(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  GuardedMemory memory;
  const auto run = [&]<typename Hook>(Hook, const typename Hook::Request& request,
                                      hwlab_status wanted) {
    typename Hook::Result empty{};
    empty.head.struct_size = sizeof empty;
    auto* const result = memory.put(empty);
    hwlab_error no_error{};
    no_error.struct_size = sizeof no_error;
    auto* const error = memory.put(no_error);
    const hwlab_call usual{sizeof usual, usual_timeout_ms};
    const auto status =
        call_raw<Hook>(hooks, memory.put(usual), memory.put(request), result, error);
    check_answer(Hook::name, status, *error, result->head);
    require_status(Hook::name, status, *error, wanted, "everything at the end of a page");
    if (result->head.release != nullptr)
      result->head.release(&result->head);
  };
  const std::string id = new_id();
  auto create = create_request(id);
  create.id = memory.text(id);
  create.model = memory.text("model");
  create.title = memory.text("t\u00fctle");
  create.metadata = memory.text(R"({"a":[1,2,{"b":null}]})");
  run(Create(), create, HWLAB_OK);
  // Texts whose last character is cut off by the end of the memory, and the empty one.
  for (const std::string_view cut : {"\xE2\x82", "\xF0\x9F\xA7", "\xC3", "{\"a\":\"\\u00", "\""}) {
    create.metadata = memory.text(cut);
    run(Create(), create, HWLAB_INVALID);
  }
  std::string message_id = new_id();
  hwlab_new_message message = message_of(message_id, "");
  message.id = memory.text(message_id);
  message.role = memory.text("assistant");
  message.content = memory.text("");
  hwlab_add_message_request add{};
  add.struct_size = sizeof add;
  add.conversation_id = memory.text(id);
  add.message = memory.put(message);
  run(Add(), add, HWLAB_OK);
  message.content = memory.text("cut \xE2\x82");
  add.message = memory.put(message);
  run(Add(), add, HWLAB_INVALID);
  const std::string other_id = new_id();
  message.id = memory.text(other_id);
  message.content = memory.text(std::string(4096, 'x'));
  const hwlab_new_message* const one = memory.put(message);
  hwlab_append_messages_request append{};
  append.struct_size = sizeof append;
  append.conversation_id = add.conversation_id;
  append.messages = memory.put(one);
  append.message_count = 1;
  run(Append(), append, HWLAB_OK);
  auto get = get_request(id);
  get.id = memory.text(id);
  run(Get(), get, HWLAB_OK);
  auto list = list_request();
  list.cursor = memory.text("");
  run(List(), list, HWLAB_OK);
  list.cursor = memory.text("no cursor");
  run(List(), list, HWLAB_INVALID);
}

}  // namespace hwlab::check
