// Is there a status, and the truth, when the n-th allocation fails?
#include <dlfcn.h>

#include <map>

#include "cases.h"
#include "daemon.h"
#include "expect.h"
#include "process.h"

namespace hwlab::check {
namespace {

// The functions of failing_malloc.c, which the parent has preloaded.
class Allocations {
 public:
  Allocations()
      : fail_here_(find<void(long)>("hwlab_check_fail_here")),
        failed_here_(find<int()>("hwlab_check_failed_here")) {}

  // Whether the n-th allocation of this thread within `work` was there to fail.
  template <typename Work>
  bool fail_here(long nth, Work work) const {
    fail_here_(nth);
    work();
    const bool failed = failed_here_() != 0;
    fail_here_(0);
    return failed;
  }

 private:
  template <typename Function>
  static Function* find(const char* name) {
    void* const found = ::dlsym(RTLD_DEFAULT, name);
    if (found == nullptr)
      throw NotReached("the library that lets allocations fail is not preloaded");
    return reinterpret_cast<Function*>(found);
  }
  void (*fail_here_)(long);
  int (*failed_here_)();
};

constexpr long most = 20'000;  // allocations of one call; more is no end

// Calls a hook with the n-th allocation failing, n = 1, 2, ..., until it has so many no more.
// `judge` sees each answer, and whether its call was disturbed.
template <typename Hook, typename Renew, typename Judge>
void exhaust(const Allocations& allocations, const Hooks& hooks, Renew renew, Judge judge) {
  for (long nth = 1; nth <= most; ++nth) {
    const auto request = renew();
    const hwlab_call call{sizeof call, 20'000};
    Answer<Hook> answer;
    answer.error.struct_size = sizeof answer.error;
    const bool failed = allocations.fail_here(nth, [&] {
      answer.status = call_raw<Hook>(hooks, &call, &request, &answer.result.get(), &answer.error);
    });
    check_answer(Hook::name, answer.status, answer.error, answer.result.get().head);
    judge(answer);
    if (!failed) {
      require_status(Hook::name, answer.status, answer.error, HWLAB_OK, "every allocation granted");
      return;
    }
  }
  throw Failed(join(Hook::name, " has no end of allocations"));
}

}  // namespace

void failing_allocations_of_hooks(const Subject& subject) {
  const Allocations allocations;
  const Instance instance(subject, Library(subject.library, Library::Binding::shallow));
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  const auto ignore = [](const auto&) {};
  std::string id;
  std::string other;
  exhaust<Create>(
      allocations, hooks,
      [&] {
        id = new_id();
        auto request = create_request(id);
        request.metadata = text(R"({"a":[1]})");
        return request;
      },
      ignore);

  // What became of each message: whether it must be there, must not, or may.
  enum class Fate { stored, absent, unknown };
  std::map<std::string, Fate> fates;
  const auto note = [&](const auto& answer) {
    const Fate fate = answer.status == HWLAB_OK ? Fate::stored
                      : answer.maybe_applied()  ? Fate::unknown
                                                : Fate::absent;
    fates[id] = fate;
    if (!other.empty())
      fates[other] = fate;
  };
  hwlab_new_message message{};
  exhaust<Add>(
      allocations, hooks,
      [&] {
        id = new_id();
        message = message_of(id, "x");
        message.metadata = text(R"({"a":[1]})");
        return add_request(conversation, message);
      },
      note);
  hwlab_new_message second{};
  const std::array<const hwlab_new_message*, 2> pointers{&message, &second};
  exhaust<Append>(
      allocations, hooks,
      [&] {
        id = new_id();
        other = new_id();
        message = message_of(id, "x");
        second = message_of(other, "y");
        return append_request(conversation, pointers.data(), 2);
      },
      note);
  exhaust<Get>(
      allocations, hooks, [&] { return get_request(conversation); }, ignore);
  exhaust<List>(
      allocations, hooks, [] { return list_request(); }, ignore);

  const auto got = read(hooks, conversation);
  for (std::size_t i = 0; i < got->message_count; ++i) {
    const auto known = fates.find(std::string(view(got->messages[i]->id)));
    require(known != fates.end(), "a message is there that nobody sent");
    require(known->second != Fate::absent,
            "a message is there whose call failed without MAYBE_APPLIED");
    fates.erase(known);
  }
  for (const auto& [missing, fate] : fates)
    require(fate != Fate::stored, "a message is missing whose call was OK");
}

void failing_allocations_of_load(const Subject& subject) {
  const Allocations allocations;
  const Library library(subject.library, Library::Binding::shallow);
  const auto once = [&](long nth) {
    Daemon daemon(subject);
    static_cast<void>(daemon.host());
    Loaded loaded;
    const bool failed = allocations.fail_here(nth, [&] { loaded = load(library, daemon); });
    if (loaded.status == HWLAB_OK) {
      const Unloaded unloaded = unload(library, loaded.instance, 1'000);
      require(unloaded.status == HWLAB_OK, "unload: expected OK, got ",
              status_name(unloaded.status));
    }
    return failed;
  };
  once(0);
  const Footprint before;
  once(0);
  if (!before.is_same(subject.tolerance()))  // what is left need not be of a load
    throw NotReached("the case load_cycles says what must be mended first");
  long nth = 1;
  while (nth <= most && once(nth))
    ++nth;
  before.require_same("after loads in which an allocation failed", subject.tolerance());
  once(0);
}

void failing_allocations_of_unload(const Subject& subject) {
  const Allocations allocations;
  const Library library(subject.library, Library::Binding::shallow);
  for (long nth = 1; nth <= most; ++nth) {
    Daemon daemon(subject);
    const Loaded loaded = load(library, daemon);
    require(loaded.status == HWLAB_OK, "load: expected OK, got ", status_name(loaded.status));
    Unloaded unloaded;
    const bool failed =
        allocations.fail_here(nth, [&] { unloaded = unload(library, loaded.instance, 1'000); });
    if (unloaded.status != HWLAB_OK)  // it is there still, and must go now
      unloaded = unload(library, loaded.instance, 1'000);
    require(unloaded.status == HWLAB_OK, "unload: expected OK, got ", status_name(unloaded.status));
    if (!failed)
      return;
  }
}

}  // namespace hwlab::check
