// Whose memory is it, and for how long?
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"
#include "memory.h"
#include "process.h"

namespace hwlab::check {
namespace {

std::string thread_with(const Hooks& hooks, std::string_view content) {
  const std::string id = new_conversation(hooks);
  add(hooks, id, content);
  return id;
}

void require_content(const hwlab_get_conversation_result& result, std::string_view content) {
  require(result.message_count == 1 && view(result.messages[0]->content) == content,
          "a result no longer holds what it was given out with");
}

}  // namespace

void moved_results(const Subject& subject) {
  const Instance instance(subject);
  const std::string id = thread_with(instance.hooks(), "kept");
  auto answer = read(instance.hooks(), id);
  hwlab_get_conversation_result moved{};
  std::memcpy(&moved, &answer.result.get(), sizeof moved);
  std::memset(static_cast<void*>(&answer.result.get()), 0xA5, sizeof moved);
  answer.result.get().head.release = nullptr;
  require_content(moved, "kept");
  const std::vector<hwlab_get_conversation_result> heap{moved};
  auto last = heap.front();
  last.head.release(&last.head);
  require(last.head.release == nullptr, "release did not set release to a null pointer");
}

void release_on_another_thread(const Subject& subject) {
  const Instance instance(subject);
  const std::string id = thread_with(instance.hooks(), "kept");
  std::vector<Answer<Get>> answers;
  for (int i = 0; i < 64; ++i)
    answers.push_back(read(instance.hooks(), id));
  std::vector<std::thread> threads;
  for (auto& answer : answers)
    threads.emplace_back([&answer] { answer.result.release(); });
  for (auto& thread : threads)
    thread.join();
}

void release_after_unload(const Subject& subject) {
  Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = thread_with(hooks, "kept");
  auto got = read(hooks, id);
  auto listed = expect<List>(hooks, list_request(), HWLAB_OK, "the first page");
  const std::string other = new_id();
  auto created = expect<Create>(hooks, create_request(other), HWLAB_OK, "a new id");
  const std::string message_id = new_id();
  const auto message = message_of(message_id, "x");
  auto added = expect<Add>(hooks, add_request(other, message), HWLAB_OK, "a new message");
  instance.unload();
  require_content(got.result.get(), "kept");
  require(
      view(created->id) == other && view(added->id) == message_id && listed->conversation_count > 0,
      "a result no longer holds what it was given out with");
  got.result.release();
  std::thread([&] {
    listed.result.release();
    created.result.release();
    added.result.release();
  }).join();
}

void results_are_freed(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = thread_with(hooks, std::string(std::size_t{1} << 18, 'x'));
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      static_cast<void>(read(hooks, id));
      const auto failed = ask<Get>(hooks, get_request(new_id()));
      require(failed.status == HWLAB_NOT_FOUND, "an unknown conversation was found");
    }
  };
  rounds(50);
  const std::size_t before = resident_kib();
  rounds(200);
  const std::size_t after = resident_kib();
  // 50 MiB have been given out. A sanitizer keeps what was freed for a while.
  require(is_sanitized || after < before + 16'384,
          "200 results of 256 KiB each, all released, left ", after - before,
          " KiB more in memory");
}

void borrowed_text(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = new_id();
  const std::string first = new_id();
  const std::string second = new_id();
  const std::string expected_metadata = R"({"a": "b"})";
  std::string cursor;
  {
    GuardedMemory memory;
    auto create = create_request(id);
    create.id = memory.text(id);
    create.model = memory.text("the model");
    create.title = memory.text("the title");
    create.metadata = memory.text(expected_metadata);
    const hwlab_call usual{sizeof usual, usual_timeout_ms};
    Owned<hwlab_create_conversation_result> created;
    require(call_raw<Create>(hooks, memory.put(usual), memory.put(create), &created.get(),
                             nullptr) == HWLAB_OK,
            "create_conversation failed");
    auto message = message_of(first, "");
    message.id = memory.text(first);
    message.role = memory.text("assistant");
    message.content = memory.text("the content");
    message.metadata = memory.text(expected_metadata);
    auto request = add_request(id, message);
    request.conversation_id = memory.text(id);
    request.message = memory.put(message);
    Owned<hwlab_add_message_result> added;
    require(call_raw<Add>(hooks, memory.put(usual), memory.put(request), &added.get(), nullptr) ==
                HWLAB_OK,
            "add_message failed");
    auto other = message_of(second, "");
    other.id = memory.text(second);
    other.content = memory.text("more content");
    const hwlab_new_message* const pointer = memory.put(other);
    auto batch = append_request(id, memory.put(pointer), 1);
    batch.conversation_id = memory.text(id);
    Owned<hwlab_append_messages_result> appended;
    require(call_raw<Append>(hooks, memory.put(usual), memory.put(batch), &appended.get(),
                             nullptr) == HWLAB_OK,
            "append_messages failed");
    auto get = get_request(id);
    get.id = memory.text(id);
    Owned<hwlab_get_conversation_result> got;
    require(
        call_raw<Get>(hooks, memory.put(usual), memory.put(get), &got.get(), nullptr) == HWLAB_OK,
        "get_conversation failed");
    memory.unmap();
    // The results are the plugin's memory, not the caller's.
    require(view(created.get().id) == id && view(added.get().id) == first &&
                view(appended.get().messages[0]->id) == second &&
                view(got.get().conversation->id) == id,
            "a result points into the request");
  }
  const auto got = read(hooks, id);
  require(view(got->conversation->model) == "the model" &&
              view(got->conversation->title) == "the title",
          "a text changed after its call had returned");
  require(got->message_count == 2 && view(got->messages[0]->content) == "the content" &&
              view(got->messages[1]->content) == "more content" &&
              view(got->messages[0]->role) == "assistant",
          "a message changed after its call had returned");
}

}  // namespace hwlab::check
