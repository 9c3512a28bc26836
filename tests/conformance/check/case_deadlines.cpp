// Is a caller back in time, and told the truth, when the server says nothing?
#include <array>
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"
#include "process.h"
#include "proxy.h"

namespace hwlab::check {
namespace {

using Clock = std::chrono::steady_clock;

long milliseconds_since(Clock::time_point start) {
  return static_cast<long>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count());
}

// A call that the server does not answer.
template <typename Hook>
Answer<Hook> ask_in_vain(const Subject& subject, const Hooks& hooks,
                         const typename Hook::Request& request, std::uint32_t timeout_ms) {
  const auto start = Clock::now();
  auto answer = ask<Hook>(hooks, request, timeout_ms);
  const long took = milliseconds_since(start);
  require(took <= static_cast<long>(timeout_ms) + subject.tolerance().count(), Hook::name,
          " with a timeout of ", timeout_ms, " ms came back after ", took, " ms");
  require(answer.status == HWLAB_TIMEOUT || answer.status == HWLAB_UNAVAILABLE, Hook::name,
          " while the server says nothing: expected TIMEOUT or UNAVAILABLE, got ",
          status_name(answer.status), " (", answer.error.message, ")");
  return answer;
}

// A write of which the outcome is to be seen when the server is back.
struct Write {
  std::string conversation;  // of a message; empty: the conversation itself is created
  std::vector<std::string> ids;
  bool as_batch = false;
  bool maybe_applied = false;

  [[nodiscard]] std::vector<hwlab_new_message> messages() const {
    std::vector<hwlab_new_message> made;
    for (const auto& id : ids)
      made.push_back(message_of(id, "stalled"));
    return made;
  }
};

// Calls `with` with the hook and the request of the write.
template <typename With>
void send(const Write& write, With with) {
  if (write.conversation.empty())
    return with(Create(), create_request(write.ids.front()));
  const auto messages = write.messages();
  if (!write.as_batch)
    return with(Add(), add_request(write.conversation, messages.front()));
  std::vector<const hwlab_new_message*> pointers;
  for (const auto& message : messages)
    pointers.push_back(&message);
  with(Append(), append_request(write.conversation, pointers.data(), pointers.size()));
}

std::vector<std::string> ids_of(const hwlab_append_messages_result& result) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < result.message_count; ++i)
    ids.emplace_back(view(result.messages[i]->id));
  return ids;
}
template <typename Result>
std::vector<std::string> ids_of(const Result& result) {
  return {std::string(view(result.id))};
}

void send_in_vain(const Subject& subject, const Hooks& hooks, Write& write,
                  std::uint32_t timeout_ms) {
  send(write, [&]<typename Hook>(Hook, const typename Hook::Request& request) {
    const auto answer = ask_in_vain<Hook>(subject, hooks, request, timeout_ms);
    write.maybe_applied = answer.maybe_applied();
    require(!write.maybe_applied || ids_of(answer.result.get()) == write.ids, Hook::name,
            " (MAYBE_APPLIED): the result does not hold the ids that were sent");
  });
}

// Repeated with the same ids, which must say what became of it.
void repeat(const Hooks& hooks, const Write& write) {
  send(write, [&]<typename Hook>(Hook, const typename Hook::Request& request) {
    const auto answer =
        expect<Hook>(hooks, request, HWLAB_OK, "the ids of a call that was in doubt");
    require(write.maybe_applied || !answer.existed(), Hook::name,
            " failed without MAYBE_APPLIED, and yet it was stored");
  });
}

// All hooks at once on a server that `stall` has stalled, and what became of it after `heal`.
void check_stall(const Subject& subject, const Hooks& hooks, const std::function<void()>& stall,
                 const std::function<void()>& heal) {
  const std::string conversation = new_conversation(hooks);
  add(hooks, conversation, "before");
  std::array writes{Write{{}, {new_id()}}, Write{conversation, {new_id()}},
                    Write{conversation, {new_id(), new_id()}, true},
                    Write{conversation, {new_id()}}};
  stall();
  std::mutex mutex;
  std::string failure;
  std::vector<std::thread> threads;
  const auto start = [&](auto work) {
    threads.emplace_back([&, work] {
      try {
        work();
      } catch (const std::exception& failed) {
        const std::lock_guard lock(mutex);
        failure = failed.what();
      }
    });
  };
  std::uint32_t timeout = 300;
  for (Write& write : writes)
    start([&, timeout_ms = timeout += 200] { send_in_vain(subject, hooks, write, timeout_ms); });
  start([&] { ask_in_vain<Get>(subject, hooks, get_request(conversation), 500); });
  start([&] { ask_in_vain<List>(subject, hooks, list_request(), 900); });
  for (auto& thread : threads)
    thread.join();
  require(failure.empty(), failure);
  heal();
  for (const Write& write : writes)
    repeat(hooks, write);
  const auto got = read(hooks, conversation);
  require(got->message_count == 5, "of five messages that were sent, each until it was OK, ",
          got->message_count, " are there");
}

}  // namespace

void stalled_at_connect(const Subject& subject) {
  Proxy proxy(subject);
  const Library library(subject.library);
  // A load against a server that never answers: it may succeed (and connect later) or fail, but not
  // hang.
  proxy.gate().ignore();
  {
    Daemon daemon(subject);
    const Loaded loaded = load(library, daemon);
    if (loaded.status == HWLAB_OK) {
      ask_in_vain<List>(subject, daemon.hooks(), list_request(), 500);
      const auto start = Clock::now();
      static_cast<void>(unload(library, loaded.instance, 100));
      require(milliseconds_since(start) <= 100 + subject.tolerance().count(),
              "unload while connecting took ", milliseconds_since(start), " ms");
    } else {
      require(loaded.status == HWLAB_UNAVAILABLE || loaded.status == HWLAB_TIMEOUT,
              "load while the server says nothing: expected UNAVAILABLE or TIMEOUT, got ",
              status_name(loaded.status), " (", loaded.error.message, ")");
    }
  }
  proxy.gate().welcome();
  const Instance instance(subject, library);
  const auto welcome = [&] { proxy.gate().welcome(); };
  check_stall(
      subject, instance.hooks(),
      [&] {
        proxy.gate().ignore();
        proxy.gate().reset();
      },
      welcome);
  check_stall(
      subject, instance.hooks(),
      [&] {
        proxy.gate().refuse();
        proxy.gate().reset();
      },
      welcome);
}

void stalled_at_query(const Subject& subject) {
  Proxy proxy(subject);
  const Instance instance(subject);
  for (int round = 0; round < 2; ++round)
    check_stall(
        subject, instance.hooks(), [&] { proxy.gate().hold(); }, [&] { proxy.gate().forward(); });
}

void stalled_at_reply(const Subject& subject) {
  Proxy proxy(subject);
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  // What a call sends reaches the server before the deadline, and the answer comes behind it.
  constexpr std::chrono::milliseconds each_way{1'000};
  constexpr std::uint32_t timeout_ms = 1'500;
  std::array writes{Write{{}, {new_id()}}, Write{conversation, {new_id()}},
                    Write{conversation, {new_id(), new_id()}, true}};
  for (Write& write : writes) {
    for (int i = 0; i < 2; ++i) {  // what is prepared once per connection is prepared now
      static_cast<void>(new_conversation(hooks));
      add(hooks, conversation, "before");
      const Write batch{conversation, {new_id(), new_id()}, true};
      repeat(hooks, batch);
    }
    const auto before = proxy.gate().counters().to_server;
    proxy.gate().delay(each_way);
    send_in_vain(subject, hooks, write, timeout_ms);
    const auto sent = proxy.gate().counters().to_server - before;
    proxy.gate().forward();
    proxy.gate().delay(std::chrono::milliseconds(0));
    require(sent > 0, "nothing was sent to the server within the timeout");
    repeat(hooks, write);
  }
  const auto got = read(hooks, conversation);
  require(got->message_count == 21, "of 21 messages that were sent, each until it was OK, ",
          got->message_count, " are there");
}

void unload_while_stalled(const Subject& subject) {
  Proxy proxy(subject);
  const Library library(subject.library);
  Instance instance(subject, library);
  const Hooks hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  add(hooks, conversation, "before");
  const auto sent_before = proxy.gate().counters().to_server;
  proxy.gate().hold();

  constexpr std::uint32_t grace_ms = 3'000;
  std::atomic<int> inside = 0;
  std::array<std::atomic<hwlab_status>, 3> ended{};
  std::vector<std::thread> callers;
  for (auto& status : ended)
    callers.emplace_back([&] {
      const std::string id = new_id();
      const auto message = message_of(id, "x");
      const auto request = add_request(conversation, message);
      const hwlab_call call{sizeof call, 40'000};
      Owned<hwlab_add_message_result> result;
      ++inside;
      status = call_raw<Add>(hooks, &call, &request, &result.get(), nullptr);
      --inside;
    });
  static_cast<void>(
      comes_true([&] { return inside == 3 && proxy.gate().counters().to_server > sent_before; },
                 std::chrono::seconds(2)));

  std::atomic<bool> is_unloaded = false;
  long took = 0;
  Unloaded unloaded;
  std::thread unloader([&] {
    const auto start = Clock::now();
    unloaded = unload(library, instance.handle(), grace_ms);
    took = milliseconds_since(start);
    is_unloaded = true;
  });
  // While those calls are inside the instance is there, so that others may be tried: within half of
  // the grace.
  bool is_stopped = false;
  const auto until = Clock::now() + std::chrono::milliseconds(grace_ms / 2);
  while (!is_stopped && inside > 0 && !is_unloaded && Clock::now() < until)
    is_stopped = ask<List>(hooks, list_request(), 50).status == HWLAB_STOPPED;
  unloader.join();
  const bool left = comes_true([&] { return inside == 0; }, subject.tolerance());
  const bool is_late = took > static_cast<long>(grace_ms) + subject.tolerance().count();
  proxy.gate().reset();
  for (auto& caller : callers)
    caller.join();
  instance.forget();
  require(!is_late, "unload with a grace of ", grace_ms, " ms returned after ", took, " ms");
  require(unloaded.status == HWLAB_OK, "unload: expected OK, got ", status_name(unloaded.status),
          " (", unloaded.error.message, ")");
  require(left, "a call was still inside after unload had returned");
  require(is_stopped, "a new call did not get STOPPED while unload waited for others");
  for (const auto& status : ended)
    require(status == HWLAB_TIMEOUT || status == HWLAB_UNAVAILABLE || status == HWLAB_STOPPED,
            "a call that unload cut off ended with ", status_name(status));
}

}  // namespace hwlab::check
