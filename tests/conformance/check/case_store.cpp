// Do the hooks keep what their header promises of ids, order, repetition and pages?
#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"

namespace hwlab::check {

void not_found(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string unknown = new_id();
  const std::string id = new_id();
  const auto message = message_of(id, "x");
  const hwlab_new_message* const pointer = &message;
  expect<Get>(hooks, get_request(unknown), HWLAB_NOT_FOUND, "an unknown conversation");
  expect<Add>(hooks, add_request(unknown, message), HWLAB_NOT_FOUND, "an unknown conversation");
  expect<Append>(hooks, append_request(unknown, &pointer, 1), HWLAB_NOT_FOUND,
                 "an unknown conversation");
  expect<Get>(hooks, get_request(unknown), HWLAB_NOT_FOUND,
              "a conversation to which a message was sent in vain");
}

void repeated_calls(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = new_id();
  auto create = create_request(id);
  const auto made = expect<Create>(hooks, create, HWLAB_OK, "a new id");
  require(!made.existed(), "a new conversation is said to have existed");
  create.title = text("another title");
  const auto again = expect<Create>(hooks, create, HWLAB_OK, "the same id and model again");
  require(again.existed() && again->started_at_us == made->started_at_us,
          "create_conversation repeated is not said to have existed, with the time it has");
  require(read(hooks, id)->conversation->title.data == nullptr, "a repetition changed the title");
  create.model = text("another model");
  expect<Create>(hooks, create, HWLAB_CONFLICT, "the same id and another model");

  const std::string first = new_id();
  auto message = message_of(first, "one");
  message.metadata = text(R"({"a":1})");
  const auto added = expect<Add>(hooks, add_request(id, message), HWLAB_OK, "a new message");
  require(!added.existed() && added->seq == 1, "the first message has seq ", added->seq);
  add(hooks, id, "two");
  message.metadata = text(R"({ "a" : 1 })");
  const auto repeated = expect<Add>(hooks, add_request(id, message), HWLAB_OK, "the same message");
  require(
      repeated.existed() && repeated->seq == 1 && repeated->created_at_us == added->created_at_us,
      "a message repeated is not said to have existed, with what it has");
  const auto differs = [&](hwlab_new_message other, const char* what) {
    expect<Add>(hooks, add_request(id, other), HWLAB_CONFLICT, what);
  };
  auto other = message;
  other.content = text("other");
  differs(other, "a stored id and other content");
  other = message;
  other.role = text("assistant");
  differs(other, "a stored id and another role");
  other = message;
  other.metadata = text(R"({"a":2})");
  differs(other, "a stored id and other metadata");
  other.metadata = {};
  differs(other, "a stored id and no metadata");
  const std::string elsewhere = new_conversation(hooks);
  expect<Add>(hooks, add_request(elsewhere, message), HWLAB_CONFLICT,
              "an id that stands in another conversation");
  require(read(hooks, id)->message_count == 2 && read(hooks, elsewhere)->message_count == 0,
          "a repetition stored something");
}

void repeated_batches(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = new_conversation(hooks);
  const std::array ids{new_id(), new_id(), new_id()};
  std::array messages{message_of(ids[0], "a"), message_of(ids[1], "b", "assistant"),
                      message_of(ids[2], "c")};
  const std::array<const hwlab_new_message*, 3> pointers{&messages[0], &messages[1], &messages[2]};
  const auto request = append_request(id, pointers.data(), 2);
  auto answer = expect<Append>(hooks, request, HWLAB_OK, "new messages");
  require(!answer.existed() && answer->message_count == 2, "the answer has ", answer->message_count,
          " messages instead of two");
  for (std::size_t i = 0; i < 2; ++i) {
    const hwlab_appended& appended = *answer->messages[i];
    require(appended.struct_size >= sizeof appended && view(appended.id) == ids.at(i) &&
                appended.seq == static_cast<std::int64_t>(i) + 1 && appended.created_at_us > 0,
            "the answer to append_messages is not in the order of the request");
  }
  answer = expect<Append>(hooks, request, HWLAB_OK, "the same messages");
  require(answer.existed() && answer->message_count == 2 && answer->messages[1]->seq == 2,
          "a batch repeated is not said to have existed, with the seq it has");
  expect<Append>(hooks, append_request(id, pointers.data(), 3), HWLAB_CONFLICT,
                 "messages of which only some are stored");
  messages[1].content = text("other");
  expect<Append>(hooks, request, HWLAB_CONFLICT, "a stored id and other content");
  require(read(hooks, id)->message_count == 2, "a batch that was refused stored something");
}

void all_or_none(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = new_conversation(hooks);
  std::vector<std::string> ids(10);
  std::vector<hwlab_new_message> messages;
  std::vector<const hwlab_new_message*> pointers;
  for (auto& made : ids) {
    made = new_id();
    messages.push_back(message_of(made, "x"));
  }
  for (const auto& message : messages)
    pointers.push_back(&message);
  const auto send = [&](hwlab_status wanted, const char* what) {
    expect<Append>(hooks, append_request(id, pointers.data(), pointers.size()), wanted, what);
    require(read(hooks, id)->message_count == 0, "with ", what, " a part of a batch was stored");
  };
  messages[9].role = text("root");
  send(HWLAB_INVALID, "a bad role at the end");
  messages[9].role = text("user");
  messages[5].content = text("\xFF");
  send(HWLAB_INVALID, "bad content in the middle");
  messages[5].content = text("x");
  pointers[9] = pointers[0];
  send(HWLAB_INVALID, "the same id twice");
  pointers[9] = &messages[9];
  auto late = append_request(id, pointers.data(), pointers.size());
  late.expected_seq = 5;
  expect<Append>(hooks, late, HWLAB_CONFLICT, "an expected_seq that is not the last");
  require(read(hooks, id)->message_count == 0, "after a conflict a part of a batch was stored");
  const std::string other = new_conversation(hooks);
  expect<Add>(hooks, add_request(other, messages[7]), HWLAB_OK, "a new message");
  send(HWLAB_CONFLICT, "an id that stands in another conversation");
}

void expected_seq(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = new_conversation(hooks);
  std::string message_id;
  const auto send = [&](std::int64_t expected, hwlab_status wanted, std::int64_t actual) {
    message_id = new_id();
    const auto message = message_of(message_id, "x");
    auto request = add_request(id, message);
    request.expected_seq = expected;
    const auto answer = expect<Add>(hooks, request, wanted, join("expected_seq ", expected));
    require(answer.error.actual_seq == (wanted == HWLAB_CONFLICT ? actual : 0), "expected_seq ",
            expected, ": actual_seq is ", answer.error.actual_seq);
    require(wanted != HWLAB_OK || answer->seq == actual, "expected_seq ", expected, ": seq is ",
            answer->seq);
  };
  send(7, HWLAB_CONFLICT, 0);
  send(HWLAB_EXPECT_EMPTY, HWLAB_OK, 1);
  send(HWLAB_EXPECT_EMPTY, HWLAB_CONFLICT, 1);
  send(1, HWLAB_OK, 2);
  send(1, HWLAB_CONFLICT, 2);
  send(3, HWLAB_CONFLICT, 2);
  send(0, HWLAB_OK, 3);
  send(-2, HWLAB_INVALID, 0);
  // A repetition is recognised although the last seq is another by now.
  const std::string first = new_id();
  const auto message = message_of(first, "y");
  auto request = add_request(id, message);
  request.expected_seq = 3;
  expect<Add>(hooks, request, HWLAB_OK, "expected_seq 3");
  const auto again = expect<Add>(hooks, request, HWLAB_OK, "the same call again");
  require(again.existed() && again->seq == 4,
          "a call with expected_seq repeated is not recognised");
}

void reading(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = new_conversation(hooks);
  constexpr std::int64_t count = 10;
  const std::int64_t long_ago = 1'000'000'000'000'000;
  for (std::int64_t i = 1; i <= count; ++i) {
    const std::string message_id = new_id();
    const std::string content = std::to_string(i);
    auto message = message_of(message_id, content);
    message.created_at_us = long_ago - i;
    const auto added = expect<Add>(hooks, add_request(id, message), HWLAB_OK, "a time");
    require(added->seq == i && added->created_at_us == message.created_at_us,
            "the answer has another seq or time than the message");
  }
  struct Part {
    std::int64_t after, before;
    std::uint32_t limit, last_n;
    std::int64_t first, last, next_after, next_before;
  };
  for (const Part& part : {
           Part{0, 0, 0, 0, 1, 10, 0, 0},
           Part{3, 0, 0, 0, 4, 10, 0, 0},
           Part{0, 4, 0, 0, 1, 3, 0, 0},
           Part{3, 6, 0, 0, 4, 5, 0, 0},
           Part{0, 0, 4, 0, 1, 4, 4, 0},
           Part{4, 0, 4, 0, 5, 8, 8, 0},
           Part{8, 0, 4, 0, 9, 10, 0, 0},
           Part{0, 0, 10, 0, 1, 10, 0, 0},
           Part{0, 0, 0, 3, 8, 10, 0, 8},
           Part{0, 8, 0, 3, 5, 7, 0, 5},
           Part{0, 3, 0, 3, 1, 2, 0, 0},
           Part{0, 0, 0, 10, 1, 10, 0, 0},
           Part{10, 0, 0, 0, 11, 10, 0, 0},
           Part{6, 5, 3, 0, 7, 6, 0, 0},
           Part{INT64_MAX, 0, 0, 2, 11, 10, 0, 0},
           Part{0, INT64_MAX, UINT32_MAX, 0, 1, 10, 0, 0},
       }) {
    auto request = get_request(id);
    request.after_seq = part.after;
    request.before_seq = part.before;
    request.limit = part.limit;
    request.last_n = part.last_n;
    const std::string what = join("after ", part.after, ", before ", part.before, ", limit ",
                                  part.limit, ", last_n ", part.last_n);
    const auto got = expect<Get>(hooks, request, HWLAB_OK, what);
    const auto wanted = std::max<std::int64_t>(0, part.last - part.first + 1);
    require(got->message_count == static_cast<std::size_t>(wanted), what, ": ", got->message_count,
            " messages came back instead of ", wanted);
    require(wanted > 0 || got->messages == nullptr, what, ": messages is not a null pointer");
    for (std::int64_t i = 0; i < wanted; ++i) {
      const hwlab_message& message = *got->messages[i];
      require(message.seq == part.first + i &&
                  view(message.content) == std::to_string(message.seq) &&
                  message.created_at_us == long_ago - message.seq,
              what, ": message ", i, " is not the one of seq ", part.first + i);
    }
    require(got->next_after_seq == part.next_after && got->next_before_seq == part.next_before,
            what, ": next_after_seq is ", got->next_after_seq, ", next_before_seq is ",
            got->next_before_seq);
    require(got->conversation->message_count == count && got->conversation->last_seq == count,
            "the conversation's message_count or last_seq is wrong");
  }
  for (const auto& [after, before] : {std::pair{-1, 0}, std::pair{0, -1}}) {
    auto request = get_request(id);
    request.after_seq = after;
    request.before_seq = before;
    expect<Get>(hooks, request, HWLAB_INVALID, "a negative seq");
  }
}

namespace {

// The ids of pages, until all of `wanted` have been seen or there are no more.
std::vector<std::string> walk(const Hooks& hooks, std::int32_t order, std::uint32_t limit,
                              std::set<std::string> wanted, std::string* a_cursor = nullptr) {
  std::vector<std::string> ids;
  std::string cursor;
  do {
    auto request = list_request();
    request.order = order;
    request.limit = limit;
    request.cursor = text(cursor);
    const auto page = expect<List>(hooks, request, HWLAB_OK, "a cursor of the page before");
    require(page->conversation_count <= limit, "a page of ", page->conversation_count,
            " conversations where ", limit, " were wanted");
    require((page->conversation_count > 0) == (page->conversations != nullptr),
            "conversations is a null pointer where there are some, or the other way");
    for (std::size_t i = 0; i < page->conversation_count; ++i) {
      ids.emplace_back(view(page->conversations[i]->id));
      wanted.erase(ids.back());
    }
    require(page->next_cursor.data == nullptr || page->conversation_count > 0,
            "an empty page has a next cursor");
    cursor = view(page->next_cursor);
    if (a_cursor != nullptr && !cursor.empty())
      *a_cursor = cursor;
  } while (!cursor.empty() && !wanted.empty());
  require(wanted.empty(), wanted.size(), " conversations are missing in the list");
  return ids;
}

}  // namespace

void listing(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  std::vector<std::string> made;
  for (int i = 0; i < 11; ++i)
    made.push_back(new_conversation(hooks));
  const std::set<std::string> wanted(made.begin(), made.end());
  // Others may write into the same database, so only the order of ours counts.
  const auto ours = [&](std::vector<std::string> ids) {
    std::erase_if(ids, [&](const std::string& id) { return !wanted.contains(id); });
    return ids;
  };
  const std::vector<std::string> newest_first(made.rbegin(), made.rend());
  require(ours(walk(hooks, HWLAB_ORDER_STARTED, 4, wanted)) == newest_first,
          "by start, the conversations come doubled or not newest first");
  require(ours(walk(hooks, HWLAB_ORDER_ACTIVE, 3, wanted)) == newest_first,
          "by activity, conversations without messages are not ordered by their start");
  add(hooks, made[2], "x");
  add(hooks, made[0], "x");
  auto active = newest_first;
  std::erase(active, made[2]);
  std::erase(active, made[0]);
  active.insert(active.begin(), {made[0], made[2]});
  require(ours(walk(hooks, HWLAB_ORDER_ACTIVE, 3, wanted)) == active,
          "by activity, the conversations come doubled or not newest first");
  require(ours(walk(hooks, HWLAB_ORDER_STARTED, 1, wanted)) == newest_first,
          "a page of one gives another order");
}

void forged_cursors(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::set<std::string> wanted{new_conversation(hooks), new_conversation(hooks),
                                     new_conversation(hooks)};
  std::string real;
  static_cast<void>(walk(hooks, HWLAB_ORDER_STARTED, 1, wanted, &real));
  require(!real.empty(), "no page of one had a next cursor");
  const auto send = [&](const std::string& cursor, std::int32_t order, const char* what) {
    auto request = list_request();
    request.cursor = text(cursor);
    request.order = order;
    expect<List>(hooks, request, HWLAB_INVALID, what);
  };
  send(real, HWLAB_ORDER_ACTIVE, "a cursor of the other order");
  send("x", HWLAB_ORDER_STARTED, "a cursor that is none");
  send(real + "x", HWLAB_ORDER_STARTED, "a cursor with a byte more");
  send(real.substr(1), HWLAB_ORDER_STARTED, "a cursor without its first byte");
  send(real.substr(0, real.size() - 1), HWLAB_ORDER_STARTED, "a cursor without its last byte");
  send("' or 1=1 --", HWLAB_ORDER_STARTED, "a cursor that is SQL");
  send(std::string(1 << 20, '0'), HWLAB_ORDER_STARTED, "a cursor of 1 MiB");
  // Whatever is done to one, it is refused or leads somewhere, and nothing else happens.
  auto choices = subject.choices();
  for (int i = 0; i < 200; ++i) {
    std::string forged = real;
    for (auto flips = 1 + choices() % 3; flips > 0; --flips)
      forged[choices() % forged.size()] = static_cast<char>(' ' + choices() % 95);
    auto request = list_request();
    request.cursor = text(forged);
    const auto answer = ask<List>(hooks, request);
    require(answer.status == HWLAB_OK || answer.status == HWLAB_INVALID,
            "a forged cursor: expected INVALID, got ", status_name(answer.status), " (",
            answer.error.message, ")");
  }
}

}  // namespace hwlab::check
