// An allocation or a system call fails, the n-th, for n = 1, 2, ... until there are not so many:
// each call gives a status and the truth, and nothing is left behind. Broken once for each n.
#include <gtest/gtest.h>
#include <hwlab/maintenance.h>

#include <array>
#include <iostream>
#include <vector>

#include "tests/conformance/check/calls.h"
#include "tests/conformance/check/daemon.h"
#include "tests/conformance/check/library.h"
#include "tests/conformance/check/process.h"
#include "tests/faults/ledger.h"
#include "tests/faults/load.h"
#include "tests/faults/observer.h"
#include "tests/support/database.h"
#include "tests/support/environment.h"

extern "C" {
// failing_malloc.c
void hwlab_check_fail_here(long nth);
int hwlab_check_failed_here(void);
void hwlab_check_fail_anywhere(long nth);
int hwlab_check_failed_anywhere(void);
// failing_calls.cpp
void hwlab_test_fail_call(long nth, int interrupted);
int hwlab_test_call_failed(void);
}

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
using check::Add;
using check::Answer;
using check::Append;
using check::Create;
using check::Get;
using check::List;

constexpr long most = 50'000;  // of what may fail in one attempt; more is no end

// What there is not enough of.
struct Lack {
  const char* name;
  void (*fail)(long nth);
  int (*has_failed)();

  // Whether the n-th was there to fail while `work` was done.
  template <typename Work>
  bool during(long nth, Work work) const {
    fail(nth);
    work();
    const bool failed = has_failed() != 0;
    fail(0);
    return failed;
  }
};
const Lack memory_here{"OfMemoryInTheCallersThread", hwlab_check_fail_here,
                       hwlab_check_failed_here};
const Lack memory_anywhere{"OfMemoryInAnyThread", hwlab_check_fail_anywhere,
                           hwlab_check_failed_anywhere};
const Lack resources{"OfDescriptorsThreadsAndConnections",
                     [](long nth) { hwlab_test_fail_call(nth, 0); }, hwlab_test_call_failed};
const Lack undisturbed_calls{"OfCallsWithoutInterruption",
                             [](long nth) { hwlab_test_fail_call(nth, 1); },
                             hwlab_test_call_failed};

class LackTest : public testing::TestWithParam<Lack> {
 protected:
  LackTest() {
    subject_.library = HWLAB_PLUGIN;
    subject_.config = "dsn: { env: HWLAB_TEST_URL }\nstartup: lazy\n";
    subject_.config_origin = "lack.yaml";
    one_life();  // after which everything is there that libraries keep for ever
  }

  // In the short form not every n, where one takes long; which ones, is drawn from the seed.
  static long step(long of_short_form) {
    return std::getenv("HWLAB_FAULT_CYCLES") != nullptr ? 1 : of_short_form;
  }

  // Runs `attempt(n)`, which says whether the n-th was there to fail.
  template <typename Attempt>
  void exhaust(long step, Attempt attempt) {
    const long first = 1 + static_cast<long>(fault_seed() % static_cast<unsigned>(step));
    long nth = first;
    for (; nth <= most && attempt(nth); nth += step)
      ++broken_;
    EXPECT_LE(nth, most) << "there is no end";
    EXPECT_GT(nth, first) << "nothing was there to fail";
  }

  void one_life() const {
    check::Instance instance(subject_, library_);
    static_cast<void>(check::new_conversation(instance.hooks()));
    instance.unload();
  }

  // ---- appends, and what they were told ----

  struct Sending {
    std::string conversation;
    std::vector<std::string> ids;
    std::vector<hwlab_new_message> messages;
    std::vector<const hwlab_new_message*> pointers;
  };
  static std::unique_ptr<Sending> sending(const std::string& conversation, std::size_t count) {
    auto made = std::make_unique<Sending>();
    made->conversation = conversation;
    for (std::size_t i = 0; i < count; ++i)
      made->ids.push_back(check::new_id());
    for (const std::string& id : made->ids) {
      made->messages.push_back(check::message_of(id, "said"));
      made->messages.back().metadata = check::text(R"({"a":[1]})");
    }
    for (const hwlab_new_message& message : made->messages)
      made->pointers.push_back(&message);
    return made;
  }
  template <typename Hook>
  void note(const Sending& sent, const Answer<Hook>& answer) {
    LedgerCall call;
    call.conversation = sent.conversation;
    call.timeout = std::chrono::hours(1);  // lateness is another test's
    call.error = answer.error.message;
    call.outcome = answer.status == HWLAB_OK ? Outcome::ok
                   : answer.maybe_applied()  ? Outcome::unknown
                                             : Outcome::fail;
    for (std::size_t i = 0; i < sent.ids.size(); ++i)
      call.messages.push_back({sent.ids[i], "user", "said",
                               answer.status == HWLAB_OK ? seq_of(answer.result.get(), i) : 0});
    ledger_.push_back(std::move(call));
  }
  static std::int64_t seq_of(const hwlab_add_message_result& result, std::size_t) {
    return result.seq;
  }
  static std::int64_t seq_of(const hwlab_append_messages_result& result, std::size_t i) {
    return result.messages[i]->seq;
  }

  void TearDown() override {
    EXPECT_TRUE(check::comes_true(
        [this] {
          return database_.value(
                     "select count(*) from pg_stat_activity where datname = current_database() and "
                     "pid <> pg_backend_pid() and backend_type = 'client backend'") == "0";
        },
        30s))
        << "connections were left over";
    const Verdict verdict =
        judge(ledger_, read_contents(database_.dsn()), [](auto, auto) { return 0us; });
    EXPECT_TRUE(verdict.is_good()) << verdict;
    std::cout << "REPORT lack=" << broken_ << " calls=" << verdict.calls << " ok=" << verdict.ok
              << " unknown=" << verdict.unknown << " lost=" << verdict.lost
              << " doubled=" << verdict.doubled << " seed=" << fault_seed() << '\n';
  }

  // Calls that are not told of in a ledger.
  static constexpr hwlab_call patient{sizeof(hwlab_call), 20'000};
  template <typename Hook, typename Renew>
  void exhaust_hook(const check::Hooks& hooks, Renew renew) {
    exhaust(1, [&](long nth) {
      const auto request = renew();
      Answer<Hook> answer;
      const bool failed = ask<Hook>(nth, hooks, request, answer);
      EXPECT_TRUE(failed || answer.status == HWLAB_OK) << Hook::name << answer.error.message;
      expect_plain<Hook>(hooks, renew());
      return failed;
    });
  }
  template <typename Hook>
  bool ask(long nth, const check::Hooks& hooks, const typename Hook::Request& request,
           Answer<Hook>& answer) {
    answer.error.struct_size = sizeof answer.error;
    const bool failed = GetParam().during(nth, [&] {
      answer.status =
          check::call_raw<Hook>(hooks, &patient, &request, &answer.result.get(), &answer.error);
    });
    check::check_answer(Hook::name, answer.status, answer.error, answer.result.get().head);
    expect_no_defect(answer.status, answer.error, nth);
    return failed;
  }
  // A lack is nobody's mistake. (Of memory: libpq and libpqxx tell it in words only.)
  static void expect_no_defect(hwlab_status status, const hwlab_error& error, long nth) {
    if (GetParam().has_failed == hwlab_test_call_failed) {
      EXPECT_NE(status, HWLAB_INTERNAL) << nth << ": " << error.message;
    }
  }
  template <typename Hook>
  static void expect_plain(const check::Hooks& hooks, const typename Hook::Request& request) {
    static_cast<void>(check::expect<Hook>(hooks, request, HWLAB_OK, "nothing is lacking"));
  }
  // The same of an append. Its plain repetition has the same ids: stored once at most.
  template <typename Hook, typename MakeRequest>
  void exhaust_append(const check::Hooks& hooks, std::size_t count, MakeRequest make_request) {
    const std::string conversation = check::new_conversation(hooks);
    exhaust(1, [&](long nth) {
      const auto sent = sending(conversation, count);
      const auto request = make_request(*sent);
      Answer<Hook> answer;
      const bool failed = ask<Hook>(nth, hooks, request, answer);
      note<Hook>(*sent, answer);
      if (answer.status != HWLAB_OK && nth % 2 == 0)
        note<Hook>(*sent, check::expect<Hook>(hooks, request, HWLAB_OK, "it is sent again"));
      return failed;
    });
    const auto last = sending(conversation, count);
    note<Hook>(*last, check::expect<Hook>(hooks, make_request(*last), HWLAB_OK, "the end"));
  }
  template <typename Request, typename Result>
  void exhaust_maintenance(void* instance,
                           hwlab_status (*hook)(void*, const hwlab_call*, const Request*, Result*,
                                                hwlab_error*)) {
    exhaust(1, [&](long nth) {
      const Request request{sizeof request, 0};
      check::Owned<Result> result;
      hwlab_error error{};
      error.struct_size = sizeof error;
      hwlab_status status = HWLAB_INTERNAL;
      const bool failed = GetParam().during(nth, [&]() noexcept {
        status = hook(instance, &patient, &request, &result.get(), &error);
      });
      check::check_answer("maintenance", status, error, result.get().head);
      expect_no_defect(status, error, nth);
      EXPECT_TRUE(failed || status == HWLAB_OK) << error.message;
      return failed;
    });
  }

  Database database_;
  Environment url_{"HWLAB_TEST_URL", database_.dsn()};
  check::Subject subject_;
  const check::Library library_{HWLAB_PLUGIN, check::Library::Binding::shallow};
  Ledger ledger_;
  long broken_ = 0;
};

TEST_P(LackTest, InAHookIsAStatusAndTheTruth) {
  check::Instance instance(subject_, library_);
  const check::Hooks& hooks = instance.hooks();
  std::string id;
  const std::string conversation = check::new_conversation(hooks);
  const auto first = sending(conversation, 1);
  note<Add>(*first, check::expect<Add>(hooks, check::add_request(conversation, first->messages[0]),
                                       HWLAB_OK, "nothing is lacking"));
  exhaust_hook<Create>(hooks, [&] {
    id = check::new_id();
    auto request = check::create_request(id);
    request.metadata = check::text(R"({"a":[1]})");
    return request;
  });
  exhaust_append<Add>(hooks, 1, [](const Sending& sent) {
    return check::add_request(sent.conversation, sent.messages[0]);
  });
  exhaust_append<Append>(hooks, 3, [](const Sending& sent) {
    return check::append_request(sent.conversation, sent.pointers.data(), sent.pointers.size());
  });
  exhaust_hook<Get>(hooks, [&] { return check::get_request(conversation); });
  exhaust_hook<List>(hooks, [] { return check::list_request(); });
  const auto* const maintenance = static_cast<const hwlab_maintenance*>(
      library_.plugin().get_extension(instance.handle(), HWLAB_MAINTENANCE));
  exhaust_maintenance(instance.handle(), maintenance->report);
  exhaust_maintenance(instance.handle(), maintenance->migrate);
  exhaust_maintenance(instance.handle(), maintenance->repair);
  instance.unload();
}

TEST_P(LackTest, InLoadLeavesNothingBehind) {
  subject_.config += "startup: verify\n";
  subject_.config.erase(subject_.config.find("startup: lazy\n"), sizeof "startup: lazy\n" - 1);
  const check::Footprint before;
  exhaust(1, [&](long nth) {
    check::Daemon daemon(subject_);
    static_cast<void>(daemon.host());
    check::Loaded loaded;
    const bool failed = GetParam().during(nth, [&] { loaded = check::load(library_, daemon); });
    expect_no_defect(loaded.status, loaded.error, nth);
    EXPECT_TRUE(failed || loaded.status == HWLAB_OK) << loaded.error.message;
    if (loaded.status == HWLAB_OK) {
      EXPECT_EQ(check::unload(library_, loaded.instance, 1'000).status, HWLAB_OK);
    }
    return failed;
  });
  before.require_same("after loads in which something was lacking", 10s);
  one_life();
}

TEST_P(LackTest, InALifeLeavesNothingBehind) {
  std::string conversation;
  {
    check::Instance instance(subject_, library_);
    conversation = check::new_conversation(instance.hooks());
  }
  const check::Footprint before;
  exhaust(1, [&](long nth) {
    check::Daemon daemon(subject_);
    static_cast<void>(daemon.host());
    const auto sent = sending(conversation, 1);
    const auto request = check::add_request(conversation, sent->messages[0]);
    Answer<Add> answer;
    answer.error.struct_size = sizeof answer.error;
    check::Loaded loaded;
    check::Unloaded unloaded;
    const bool failed = GetParam().during(nth, [&] {
      loaded = check::load(library_, daemon);
      if (loaded.status != HWLAB_OK)
        return;
      answer.status = check::call_raw<Add>(daemon.hooks(), &patient, &request, &answer.result.get(),
                                           &answer.error);
      unloaded = check::unload(library_, loaded.instance, 1'000);
    });
    if (loaded.status == HWLAB_OK) {
      check::check_answer(Add::name, answer.status, answer.error, answer.result.get().head);
      expect_no_defect(answer.status, answer.error, nth);
      note<Add>(*sent, answer);
      if (unloaded.status != HWLAB_OK)  // it is there still, and must go now
        unloaded = check::unload(library_, loaded.instance, 1'000);
      EXPECT_EQ(unloaded.status, HWLAB_OK) << unloaded.error.message;
    }
    EXPECT_TRUE(failed || answer.status == HWLAB_OK) << answer.error.message;
    return failed;
  });
  before.require_same("after lives in which something was lacking", 10s);
  one_life();
}

// Each attempt in a schema of its own, which is empty.
TEST_P(LackTest, InAMigrationIsAStatusAndTheNextCallGoesOn) {
  const check::Footprint before;
  const std::string usual = subject_.config;
  exhaust(step(40), [&](long nth) {
    const std::string schema = "attempt_" + std::to_string(nth);
    subject_.config = usual + "schema: { name: " + schema + " }\n";
    check::Instance instance(subject_, library_);
    const std::string id = check::new_id();
    const auto request = check::create_request(id);
    Answer<Create> answer;
    const bool failed = ask<Create>(nth, instance.hooks(), request, answer);
    EXPECT_TRUE(failed || answer.status == HWLAB_OK) << answer.error.message;
    expect_plain<Create>(instance.hooks(), request);
    expect_plain<Get>(instance.hooks(), check::get_request(id));
    instance.unload();
    database_.run("drop schema " + schema + " cascade");
    return failed;
  });
  before.require_same("after migrations in which something was lacking", 10s);
  subject_.config = usual;
  one_life();
}

INSTANTIATE_TEST_SUITE_P(A, LackTest,
                         testing::Values(memory_here, memory_anywhere, resources,
                                         undisturbed_calls),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

}  // namespace
}  // namespace hwlab::test
