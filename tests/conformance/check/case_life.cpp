// Does an instance come and go without a trace, also when it cannot come or is busy when it must
// go?
#include <array>
#include <atomic>
#include <latch>
#include <mutex>
#include <nlohmann/json.hpp>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"
#include "process.h"

namespace hwlab::check {
namespace {

// A load, a call and an unload, after which everything is there that libraries keep for ever.
void warm_up(const Subject& subject, const Library& library) {
  Instance instance(subject, library);
  static_cast<void>(expect<List>(instance.hooks(), list_request(), HWLAB_OK, "the first page"));
  instance.unload();
}

}  // namespace

void refused_registration(const Subject& subject) {
  const Library library(subject.library);
  warm_up(subject, library);
  const Footprint before;
  Daemon daemon(subject);
  daemon.answer_to_registration = HWLAB_CONFLICT;
  const Loaded loaded = load(library, daemon);
  require(loaded.status != HWLAB_OK, "load succeeds although the host refuses the hooks");
  before.require_same("after a load whose hooks the host refused", subject.tolerance());
  daemon.answer_to_registration = HWLAB_OK;
  const Loaded again = load(library, daemon);
  require(again.status == HWLAB_OK,
          "after a refused registration no load succeeds any more: ", again.error.message);
  static_cast<void>(unload(library, again.instance, 1'000));
}

void bad_configuration(const Subject& subject) {
  const Library library(subject.library);
  warm_up(subject, library);
  const Footprint before;
  std::vector<std::pair<const char*, std::string>> bad{
      {"that is no YAML", "{ ["},
      {"that is no YAML either", "a: b: c: \"\n\t- x"},
      {"that is a list", "- a\n- b\n"},
      {"that is a text", "just words\n"},
      {"that is not UTF-8", "dsn: \"\xFF\xFE\"\n"},
  };
  const char* const given = library.plugin().config_schema;
  const auto schema =
      nlohmann::json::parse(given != nullptr ? given : "", nullptr, /*allow_exceptions=*/false);
  if (schema.is_object() && schema.value("additionalProperties", nlohmann::json(true)) == false)
    bad.emplace_back("with a key that the schema does not allow",
                     subject.config + "\nno_such_key_of_any_plugin: 1\n");
  for (const auto& [what, config] : bad) {
    Daemon daemon(subject);
    daemon.config = config;
    const Loaded loaded = load(library, daemon);
    require(loaded.status == HWLAB_CONFIG, "load with a section ", what, ": expected CONFIG, got ",
            status_name(loaded.status), " (", loaded.error.message, ")");
    require(daemon.registrations() == 0, "load with a section ", what, " has registered its hooks");
  }
  before.require_same("after loads that failed", subject.tolerance());
}

void load_cycles(const Subject& subject) {
  const Library library(subject.library);
  const auto cycle = [&] {
    Instance instance(subject, library);
    const Hooks& hooks = instance.hooks();
    add(hooks, new_conversation(hooks), "x");
    static_cast<void>(ask<Get>(hooks, get_request(new_id())));
    instance.unload();
  };
  for (int i = 0; i < 10; ++i)
    cycle();
  const Footprint before;
  const std::size_t memory = resident_kib();
  constexpr int cycles = 50;
  for (int i = 0; i < cycles; ++i)
    cycle();
  before.require_same(join("after ", cycles, " cycles of load and unload"), subject.tolerance());
  const std::size_t after = resident_kib();
  // A sanitizer keeps what was freed for a while.
  require(is_sanitized || after < memory + 8'192, cycles, " cycles of load and unload left ",
          after - memory, " KiB more in memory");
}

void two_instances(const Subject& subject) {
  const Library library(subject.library);
  Instance first(subject, library);
  Instance second(subject, library);
  require(first.handle() != second.handle(), "two loads gave the same instance");
  const std::string id = new_conversation(first.hooks());
  add(second.hooks(), new_conversation(second.hooks()), "x");
  first.unload();
  add(second.hooks(), new_conversation(second.hooks()), "y");
  Instance third(subject, library);
  add(third.hooks(), new_conversation(third.hooks()), "z");
  second.unload();
  static_cast<void>(expect<List>(third.hooks(), list_request(), HWLAB_OK, "the first page"));
}

void unload_under_load(const Subject& subject) {
  const Library library(subject.library);
  constexpr int count = 32;
  for (int round = 0; round < 5; ++round) {
    Instance instance(subject, library);
    const Hooks hooks = instance.hooks();
    const std::string conversation = new_conversation(hooks);
    // What a host must do: no call begins once unload has been called.
    std::shared_mutex entry;
    bool is_closed = false;
    std::atomic<int> inside = 0;
    std::atomic<int> wrong = 0;
    std::latch started(count);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
      threads.emplace_back([&] {
        for (bool is_first = true;; is_first = false) {
          {
            const std::shared_lock lock(entry);
            if (is_closed)
              return;
            ++inside;
          }
          if (is_first)
            started.count_down();
          const std::string id = new_id();
          const auto message = message_of(id, "x");
          const auto request = add_request(conversation, message);
          const hwlab_call call{sizeof call, usual_timeout_ms};
          Owned<hwlab_add_message_result> result;
          const auto status = call_raw<Add>(hooks, &call, &request, &result.get(), nullptr);
          if (status == HWLAB_INTERNAL || status == HWLAB_INVALID || status == HWLAB_NOT_FOUND)
            ++wrong;
          --inside;
        }
      });
    started.wait();
    {
      const std::unique_lock lock(entry);
      is_closed = true;
    }
    const auto begin = std::chrono::steady_clock::now();
    instance.unload(round % 2 == 0 ? 0 : 20'000);
    const auto took = std::chrono::steady_clock::now() - begin;
    const bool left = comes_true([&] { return inside == 0; }, subject.tolerance());
    for (auto& thread : threads)
      thread.join();
    require(left, "unload returned while a thread was inside");
    require(took < std::chrono::seconds(20) + subject.tolerance(),
            "unload took longer than its grace");
    require(round % 2 != 0 || took < subject.tolerance(), "unload without grace took ",
            std::chrono::duration_cast<std::chrono::milliseconds>(took).count(), " ms");
    require(wrong == 0,
            "calls that were cut off by unload ended with INTERNAL, INVALID or NOT_FOUND");
  }
}

}  // namespace hwlab::check
