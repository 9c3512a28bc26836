// Is what cannot be kept refused, and everything else kept byte for byte?
#include <utf8.h>

#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"

namespace hwlab::check {
namespace {

using namespace std::string_view_literals;

struct Bad {
  const char* what;
  std::string_view bytes;
};
constexpr std::array bad_texts{
    Bad{"U+0000 alone", "\0"sv},
    Bad{"U+0000 at the end", "abc\0"sv},
    Bad{"U+0000 within", "a\0b"sv},
    Bad{"a continuation byte alone", "\x80"sv},
    Bad{"a character cut off after one byte", "ab\xE2"sv},
    Bad{"a character cut off after two bytes", "\xE2\x82"sv},
    Bad{"a character cut off in the middle", "\xE2\x82z"sv},
    Bad{"an overlong slash of two bytes", "\xC0\xAF"sv},
    Bad{"an overlong slash of three bytes", "\xE0\x80\xAF"sv},
    Bad{"an overlong U+0000", "\xC0\x80"sv},
    Bad{"an overlong character of four bytes", "\xF0\x82\x82\xAC"sv},
    Bad{"a high surrogate", "\xED\xA0\x80"sv},
    Bad{"a low surrogate", "\xED\xBF\xBF"sv},
    Bad{"a pair of surrogates", "\xED\xA0\xBD\xED\xB8\x80"sv},
    Bad{"a character above U+10FFFF", "\xF4\x90\x80\x80"sv},
    Bad{"a sequence of five bytes", "\xF8\x88\x80\x80\x80"sv},
    Bad{"the byte FE", "\xFE"sv},
    Bad{"the byte FF", "x\xFFy"sv},
    Bad{"Latin-1", "Gr\xFC\xDF"sv},
};

constexpr std::array good_texts{
    ""sv,
    " "sv,
    "\n\r\t\x01\x7F"sv,
    "'; drop table conversations; --"sv,
    "\\ \" ' % _ $1 {} %s ?"sv,
    "NULL"sv,
    "\\N"sv,
    "{\"not\": \"metadata\"}"sv,
    "\u00e4\u00df\u20ac"sv,
    "\U0001F9EA\U0010FFFF"sv,
    "\uFEFFbyte order mark"sv,
    "\uFFFD \uFFFE \uFFFF"sv,
    "e\u0301 \u00e9"sv,
    "\u202Eright to left"sv,
};

std::string random_text(std::mt19937_64& choices) {
  std::string made;
  const auto count = choices() % 200;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto code = static_cast<std::uint32_t>(1 + choices() % 0x10FFFF);
    if (choices() % 2 == 0)
      code = 1 + code % 0x7FF;
    if (code < 0xD800 || code > 0xDFFF)
      utf8::append(code, std::back_inserter(made));
  }
  return made;
}

}  // namespace

void hostile_text(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  for (const Bad& bad : bad_texts) {
    const std::string id = new_id();
    for (const auto member :
         {&hwlab_create_conversation_request::id, &hwlab_create_conversation_request::model,
          &hwlab_create_conversation_request::title,
          &hwlab_create_conversation_request::metadata}) {
      auto request = create_request(id);
      request.*member = text(bad.bytes);
      expect<Create>(hooks, request, HWLAB_INVALID, bad.what);
    }
    for (const auto member : {&hwlab_new_message::id, &hwlab_new_message::role,
                              &hwlab_new_message::content, &hwlab_new_message::metadata}) {
      auto message = message_of(id, "x");
      message.*member = text(bad.bytes);
      const hwlab_new_message* const pointer = &message;
      expect<Add>(hooks, add_request(conversation, message), HWLAB_INVALID, bad.what);
      expect<Append>(hooks, append_request(conversation, &pointer, 1), HWLAB_INVALID, bad.what);
    }
    const auto message = message_of(id, "x");
    expect<Add>(hooks, add_request(bad.bytes, message), HWLAB_INVALID, bad.what);
    expect<Get>(hooks, get_request(bad.bytes), HWLAB_INVALID, bad.what);
    auto list = list_request();
    list.cursor = text(bad.bytes);
    expect<List>(hooks, list, HWLAB_INVALID, bad.what);
    expect<Get>(hooks, get_request(id), HWLAB_NOT_FOUND, "an id whose creation was refused");
  }
  require(read(hooks, conversation)->message_count == 0,
          "a message that was refused has been stored");
}

void texts_are_kept(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  auto choices = subject.choices();
  std::vector<std::string> texts(good_texts.begin(), good_texts.end());
  for (int i = 0; i < 20; ++i)
    texts.push_back(random_text(choices));
  texts.emplace_back(std::size_t{1} << 20, 'x');
  const std::string thread = new_conversation(hooks);
  for (const std::string& given : texts) {
    add(hooks, thread, given);
    if (given.size() > 1024)
      continue;  // longer than a title may be
    const std::string id = new_id();
    auto request = create_request(id);
    request.model = text(given);
    request.title = text(given);
    expect<Create>(hooks, request, HWLAB_OK, "a valid title");
    const auto got = read(hooks, id);
    require(got->conversation->title.data != nullptr, "a title of ", given.size(),
            " bytes was given, and none came back");
    require(view(got->conversation->title) == given && view(got->conversation->model) == given,
            "a title or model of ", given.size(), " bytes came back changed");
  }
  const auto got = read(hooks, thread);
  require(got->message_count == texts.size(), "of ", texts.size(), " messages ", got->message_count,
          " came back");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const hwlab_message& message = *got->messages[i];
    require(message.struct_size >= sizeof(hwlab_message), "a message's struct_size is ",
            message.struct_size);
    require(message.content.data != nullptr && view(message.content) == texts[i], "content of ",
            texts[i].size(), " bytes came back changed");
  }
}

void absent_and_empty(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  hwlab_create_conversation_request bare{};
  bare.struct_size = sizeof bare;
  const auto made = expect<Create>(hooks, bare, HWLAB_OK, "everything absent");
  const std::string id(view(made->id));
  require(is_canonical_id(id), "the id that was made is not a UUID in lower case");
  require(!made.existed() && made->started_at_us > 0, "a new conversation has no started_at");
  auto got = read(hooks, id);
  const hwlab_conversation& conversation = *got->conversation;
  require(conversation.struct_size >= sizeof(hwlab_conversation),
          "a conversation's struct_size is ", conversation.struct_size);
  require(view(conversation.id) == id, "another conversation came back");
  require(conversation.model.data != nullptr && conversation.model.size == 0,
          "an absent model is not stored as \"\"");
  require(conversation.title.data == nullptr, "a title came back where none was given");
  require(conversation.metadata.data == nullptr, "metadata came back where none was given");
  require(conversation.message_count == 0 && conversation.last_seq == 0 &&
              conversation.last_message_at_us == 0,
          "a new conversation has messages");
  require(conversation.started_at_us == made->started_at_us, "started_at differs");

  auto message = message_of("", "x");
  message.id = {};
  const auto added = expect<Add>(hooks, add_request(id, message), HWLAB_OK, "an absent id");
  require(is_canonical_id(view(added->id)), "the message's id that was made is not a UUID");
  got = read(hooks, id);
  require(got->message_count == 1 && view(got->messages[0]->id) == view(added->id),
          "the message is not there under the id that was given out");
  require(got->messages[0]->metadata.data == nullptr, "metadata came back where none was given");
  require(got->conversation->last_message_at_us > 0, "last_message_at is missing");

  for (const auto member : {&hwlab_new_message::role, &hwlab_new_message::content}) {
    auto lacking = message;
    lacking.*member = {};
    expect<Add>(hooks, add_request(id, lacking), HWLAB_INVALID, "an absent role or content");
  }
  for (const auto member : {&hwlab_new_message::id, &hwlab_new_message::role,
                            &hwlab_new_message::content, &hwlab_new_message::metadata}) {
    auto broken = message;
    broken.*member = {nullptr, 5};
    expect<Add>(hooks, add_request(id, broken), HWLAB_INVALID, "a null pointer with a size");
  }
  for (const auto member :
       {&hwlab_create_conversation_request::id, &hwlab_create_conversation_request::model,
        &hwlab_create_conversation_request::title, &hwlab_create_conversation_request::metadata}) {
    auto broken = bare;
    broken.*member = {nullptr, 5};
    expect<Create>(hooks, broken, HWLAB_INVALID, "a null pointer with a size");
  }
  auto nobody = get_request("");
  expect<Get>(hooks, nobody, HWLAB_INVALID, "an empty id");
  nobody.id = {};
  expect<Get>(hooks, nobody, HWLAB_INVALID, "an absent id");
  auto nowhere = add_request("", message);
  nowhere.conversation_id = {};
  expect<Add>(hooks, nowhere, HWLAB_INVALID, "an absent conversation's id");
}

namespace {

template <typename Hook>
void try_nulls(const Hooks& hooks, const typename Hook::Request& request) {
  hwlab_error error{};
  error.struct_size = sizeof error;
  Owned<typename Hook::Result> result;
  auto status = call_raw<Hook>(hooks, nullptr, nullptr, &result.get(), &error);
  check_answer(Hook::name, status, error, result.get().head);
  require_status(Hook::name, status, error, HWLAB_INVALID, "a null pointer as the request");
  status = call_raw<Hook>(hooks, nullptr, &request, nullptr, &error);
  require_status(Hook::name, status, error, HWLAB_INVALID, "a null pointer as the result");
  status = call_raw<Hook>(hooks, nullptr, nullptr, nullptr, nullptr);
  require(status == HWLAB_INVALID, Hook::name,
          " with nothing but null pointers: expected INVALID, got ", status_name(status));
  status = call_raw<Hook>(hooks, nullptr, &request, &result.get(), nullptr);
  require(status == HWLAB_OK, Hook::name, " without a call and an error: expected OK, got ",
          status_name(status));
}

}  // namespace

void null_pointers(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  const std::string id = new_id();
  try_nulls<Create>(hooks, create_request(id));
  const std::string first = new_id();
  const auto message = message_of(first, "x");
  try_nulls<Add>(hooks, add_request(conversation, message));
  const std::string second = new_id();
  const auto other = message_of(second, "x");
  const std::array<const hwlab_new_message*, 2> pointers{&other, nullptr};
  try_nulls<Append>(hooks, append_request(conversation, pointers.data(), 1));
  try_nulls<Get>(hooks, get_request(conversation));
  try_nulls<List>(hooks, list_request());
  auto add_nothing = add_request(conversation, message);
  add_nothing.message = nullptr;
  expect<Add>(hooks, add_nothing, HWLAB_INVALID, "a null pointer as the message");
  expect<Append>(hooks, append_request(conversation, pointers.data(), 2), HWLAB_INVALID,
                 "a null pointer among the messages");
  expect<Append>(hooks, append_request(conversation, nullptr, 1), HWLAB_INVALID,
                 "a null pointer as the messages");
  expect<Append>(hooks, append_request(conversation, pointers.data(), 0), HWLAB_INVALID,
                 "no messages");
  require(read(hooks, conversation)->message_count == 2, "what was refused has been stored");
}

void ids_and_roles(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  const std::string fresh = new_id();
  for (const std::string& bad :
       {std::string("x"), fresh.substr(0, 35), fresh + "0", "g" + fresh.substr(1),
        "{" + fresh + "}", " " + fresh.substr(1), fresh.substr(0, 8) + "0" + fresh.substr(9),
        std::string(36, '-'), std::string(1 << 20, 'a'), "urn:uuid:" + fresh}) {
    const std::string what = join("an id of ", bad.size(), " bytes that is no UUID");
    expect<Create>(hooks, create_request(bad), HWLAB_INVALID, what);
    const auto message = message_of(bad, "x");
    expect<Add>(hooks, add_request(conversation, message), HWLAB_INVALID, what);
    const auto fine = message_of(fresh, "x");
    expect<Add>(hooks, add_request(bad, fine), HWLAB_INVALID, what);
    expect<Get>(hooks, get_request(bad), HWLAB_INVALID, what);
  }
  for (const std::string& role :
       {std::string(), std::string("root"), std::string("User"), std::string("user "),
        std::string("tool"), std::string("usersystem"), std::string("use"),
        std::string(1 << 20, 'u')}) {
    const auto message = message_of(fresh, "x", role);
    expect<Add>(hooks, add_request(conversation, message), HWLAB_INVALID,
                join("a role of ", role.size(), " bytes that there is not"));
  }
  for (const auto* const role : {"user", "assistant", "system"}) {
    const std::string id = new_id();
    const auto message = message_of(id, role, role);
    expect<Add>(hooks, add_request(conversation, message), HWLAB_OK, role);
  }
  const auto got = read(hooks, conversation);
  require(got->message_count == 3, "of three messages ", got->message_count, " came back");
  for (std::size_t i = 0; i < 3; ++i)
    require(view(got->messages[i]->role) == view(got->messages[i]->content),
            "a role came back changed");
}

void metadata(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  for (const auto* const bad :
       {"", " ", "{", "[]", "1", "null", "\"x\"", "{\"a\":}", "{} {}", "{'a':1}", "{\"a\":1,}",
        "{\"a\":NaN}", "\xEF\xBB\xBF{", "{\"a\":\"\\ud800\"}"}) {
    const std::string id = new_id();
    auto request = create_request(id);
    request.metadata = text(bad);
    expect<Create>(hooks, request, HWLAB_INVALID, join("the metadata ", bad));
    auto message = message_of(id, "x");
    message.metadata = text(bad);
    expect<Add>(hooks, add_request(conversation, message), HWLAB_INVALID,
                join("the metadata ", bad));
  }
  for (const auto* const good :
       {"{}", R"({"a":null,"b":[1,2.5,true,"\u00e4"],"c":{"d":{}}})", " {\n\"a\" : \"'\\\\\" } "}) {
    const std::string id = new_id();
    auto request = create_request(id);
    request.metadata = text(good);
    expect<Create>(hooks, request, HWLAB_OK, good);
    auto message = message_of(id, "x");
    message.metadata = text(good);
    expect<Add>(hooks, add_request(id, message), HWLAB_OK, good);
    const auto got = read(hooks, id);
    const auto wanted = nlohmann::json::parse(good);
    for (const auto& given : {got->conversation->metadata, got->messages[0]->metadata})
      require(nlohmann::json::parse(view(given), nullptr, false) == wanted, "the metadata ", good,
              " came back changed");
  }
}

void limits(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  const auto refuse = [](const char* hook, hwlab_status status, const hwlab_error& error,
                         const char* what) {
    require_status(hook, status, error, HWLAB_INVALID, what);
  };
  const std::string long_text(std::size_t{1} << 28, 'x');
  const std::string id = new_id();
  auto message = message_of(id, long_text);
  auto answer = ask<Add>(hooks, add_request(conversation, message));
  refuse(Add::name, answer.status, answer.error, "content of 256 MiB");
  const auto label = std::string_view(long_text).substr(0, 1025);
  for (const auto member :
       {&hwlab_create_conversation_request::model, &hwlab_create_conversation_request::title}) {
    auto request = create_request(id);
    request.*member = text(label);
    expect<Create>(hooks, request, HWLAB_INVALID, "a model or a title of 1,025 bytes");
    request.*member = text(label.substr(1));
    const std::string fits = new_id();
    request.id = text(fits);
    expect<Create>(hooks, request, HWLAB_OK, "a model or a title of 1,024 bytes");
  }
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  message = message_of(id, "x");
  message.metadata = text(deep);
  expect<Add>(hooks, add_request(conversation, message), HWLAB_INVALID,
              "metadata that is 100,000 deep");
  const std::vector<const hwlab_new_message*> many(10'001, &message);
  expect<Append>(hooks, append_request(conversation, many.data(), many.size()), HWLAB_INVALID,
                 "10,001 messages");
  for (const std::int64_t time : {INT64_MIN, INT64_MAX}) {
    auto odd = message_of(id, "x");
    odd.created_at_us = time;
    expect<Add>(hooks, add_request(conversation, odd), HWLAB_INVALID,
                "a time that no calendar has");
  }
  auto list = list_request();
  list.limit = 101;
  expect<List>(hooks, list, HWLAB_INVALID, "a limit of 101");
  list = list_request();
  list.order = 77;
  expect<List>(hooks, list, HWLAB_INVALID, "an order that there is not");
  auto both = get_request(conversation);
  both.limit = both.last_n = 1;
  expect<Get>(hooks, both, HWLAB_INVALID, "limit and last_n");
  require(read(hooks, conversation)->message_count == 0, "what was refused has been stored");
}

}  // namespace hwlab::check
