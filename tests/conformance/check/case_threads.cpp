// Do many threads at once, the host's locks and the host's process come out of it as they should?
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <clocale>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"
#include "process.h"

namespace hwlab::check {
namespace {

// The first failure of several threads, thrown when they have ended.
class Threads {
 public:
  template <typename Work>
  void start(int count, Work work) {
    for (int i = 0; i < count; ++i)
      threads_.emplace_back([this, i, work] {
        try {
          work(i);
        } catch (const std::exception& failure) {
          const std::lock_guard lock(mutex_);
          if (failure_.empty())
            failure_ = failure.what();
        }
      });
  }
  void join() {
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
    require(failure_.empty(), failure_);
  }
  ~Threads() {
    for (auto& thread : threads_)
      thread.join();
  }
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::string failure_;
};

constexpr std::uint32_t patient_timeout_ms = 60'000;

}  // namespace

void many_threads(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  constexpr int count = 64;
  constexpr int each = 10;
  const std::string shared = new_conversation(hooks);
  std::latch start(count);
  Threads threads;
  threads.start(count, [&](int number) {
    start.arrive_and_wait();
    const std::string own = new_id();
    auto made = ask<Create>(hooks, create_request(own), patient_timeout_ms);
    require_status(Create::name, made.status, made.error, HWLAB_OK, "64 threads at once");
    std::int64_t last = 0;
    for (int i = 0; i < each; ++i) {
      const std::string id = new_id();
      const std::string content = join(number, ".", i);
      const auto message = message_of(id, content);
      auto added = ask<Add>(hooks, add_request(shared, message), patient_timeout_ms);
      require_status(Add::name, added.status, added.error, HWLAB_OK, "64 threads at once");
      require(added->seq > last, "a thread's messages do not stand in its order");
      last = added->seq;
      const std::array ids{new_id(), new_id()};
      const std::array pair{message_of(ids[0], content), message_of(ids[1], content, "assistant")};
      const std::array<const hwlab_new_message*, 2> pointers{&pair[0], &pair[1]};
      auto batch =
          ask<Append>(hooks, append_request(shared, pointers.data(), 2), patient_timeout_ms);
      require_status(Append::name, batch.status, batch.error, HWLAB_OK, "64 threads at once");
      require(
          batch->messages[1]->seq == batch->messages[0]->seq + 1 && batch->messages[0]->seq > last,
          "the messages of a batch are not consecutive");
      last = batch->messages[1]->seq;
      auto got = ask<Get>(hooks, get_request(own), patient_timeout_ms);
      require_status(Get::name, got.status, got.error, HWLAB_OK, "64 threads at once");
      auto listed = ask<List>(hooks, list_request(), patient_timeout_ms);
      require_status(List::name, listed.status, listed.error, HWLAB_OK, "64 threads at once");
    }
  });
  threads.join();
  const auto got = read(hooks, shared);
  require(got->message_count == count * each * 3, "of ", count * each * 3, " messages ",
          got->message_count, " are there");
  std::set<std::string> ids;
  for (std::size_t i = 0; i < got->message_count; ++i) {
    require(got->messages[i]->seq == static_cast<std::int64_t>(i) + 1,
            "seq has a gap or a double at ", i + 1);
    ids.emplace(view(got->messages[i]->id));
  }
  require(ids.size() == got->message_count, "an id is there twice");
}

void log_under_lock(const Subject& subject) {
  // The host holds its lock around calls of hooks, and takes it in its log. Recursive, since a hook
  // may log on the thread that calls it. So a thread within the log waits for another that is
  // within a hook, which must not wait for it.
  std::recursive_timed_mutex lock;
  std::atomic<bool> is_stuck = false;
  std::atomic<int> lines = 0;
  const auto patience = subject.patience * std::chrono::seconds(8);
  Instance instance(subject, Library(subject.library), [&](Daemon& daemon) {
    daemon.on_log = [&](std::string_view) {
      ++lines;
      if (is_stuck)
        return;
      if (lock.try_lock_for(patience))
        lock.unlock();
      else
        is_stuck = true;
    };
  });
  const Hooks& hooks = instance.hooks();
  const std::string conversation = new_conversation(hooks);
  std::atomic<bool> done = false;
  const auto call = [&] {
    const std::string id = new_id();
    const auto message = message_of(id, "x");
    static_cast<void>(ask<Add>(hooks, add_request(conversation, message), 1'000));
    const auto refused = message_of(id, "\xFF");
    static_cast<void>(ask<Add>(hooks, add_request(conversation, refused), 1'000));
    static_cast<void>(ask<Get>(hooks, get_request(id), 1'000));
  };
  Threads free;
  free.start(4, [&](int) {
    while (!done && !is_stuck)
      call();
  });
  Threads locked;
  locked.start(2, [&](int) {
    for (int i = 0; i < 30 && !is_stuck; ++i) {
      {
        const std::lock_guard held(lock);
        call();
      }
      std::this_thread::yield();
    }
  });
  locked.join();
  done = true;
  free.join();
  require(!is_stuck,
          "the log was called while a hook waited for what its caller held: a plugin must hold no "
          "lock then");
  instance.unload();
  const int after = lines;
  static_cast<void>(comes_true([&] { return lines != after; }, std::chrono::milliseconds(100)));
  require(lines == after, "the log was called after unload had returned");
}

namespace {

// What rule 6 says a plugin leaves alone.
struct ProcessState {
  std::array<struct sigaction, 65> actions{};
  sigset_t mask{};
  std::string locale = std::setlocale(LC_ALL, nullptr);
  std::string folder = std::filesystem::current_path();
  std::vector<std::string> environment;

  ProcessState() {
    for (int signal = 1; signal <= 64; ++signal)
      ::sigaction(signal, nullptr, &actions.at(static_cast<std::size_t>(signal)));
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    for (char** variable = ::environ; *variable != nullptr; ++variable)
      environment.emplace_back(*variable);
  }
};

void require_same(const ProcessState& before, const char* when) {
  const ProcessState now;
  for (int signal = 1; signal <= 64; ++signal) {
    const auto at = static_cast<std::size_t>(signal);
    require(before.actions.at(at).sa_handler == now.actions.at(at).sa_handler &&
                before.actions.at(at).sa_flags == now.actions.at(at).sa_flags,
            when, " the handler of signal ", signal, " is another");
    require(::sigismember(&before.mask, signal) == ::sigismember(&now.mask, signal), when,
            " signal ", signal, " is blocked, or no longer, on the thread that called");
  }
  require(before.locale == now.locale, when, " the locale is another");
  require(before.folder == now.folder, when, " the working directory is another");
  require(before.environment == now.environment, when, " the environment is another");
}

}  // namespace

void process_is_left_alone(const Subject& subject) {
  const ProcessState before;
  const auto host_threads = thread_ids();
  Instance instance(subject);
  require_same(before, "after load");
  add(instance.hooks(), new_conversation(instance.hooks()), "x");
  static_cast<void>(
      expect<Get>(instance.hooks(), get_request(new_id()), HWLAB_NOT_FOUND, "an unknown id"));
  require_same(before, "after calls");
  for (const pid_t thread : thread_ids()) {
    if (host_threads.contains(thread))
      continue;
    const std::string mask = status_line(thread, "SigBlk");
    if (mask.empty())
      continue;  // it has ended meanwhile
    const std::uint64_t blocked = std::stoull(mask, nullptr, 16);
    for (int signal = 1; signal < 32; ++signal) {
      const bool can_be = signal != SIGKILL && signal != SIGSTOP && signal != SIGSEGV &&
                          signal != SIGBUS && signal != SIGFPE && signal != SIGILL &&
                          signal != SIGTRAP;
      require(!can_be || (blocked >> static_cast<unsigned>(signal - 1) & 1U) != 0,
              "a thread of the plugin does not block signal ", signal);
    }
  }
  instance.unload();
  require_same(before, "after unload");
}

void forked_child(const Subject& subject) {
  const Instance instance(subject);
  const Hooks& hooks = instance.hooks();
  const std::string id = new_conversation(hooks);
  const pid_t child = ::fork();
  require(child >= 0, "fork failed");
  if (child == 0) {
    // No more than must be: the child has one thread of many, and whatever they held.
    const hwlab_call call{sizeof call, 1'000};
    hwlab_error error{};
    error.struct_size = sizeof error;
    hwlab_get_conversation_result result{};
    result.head.struct_size = sizeof result;
    const auto get = get_request(id);
    int code = 0;
    if (call_raw<Get>(hooks, &call, &get, &result, &error) != HWLAB_STOPPED)
      code |= 1;
    hwlab_list_conversations_result page{};
    page.head.struct_size = sizeof page;
    const auto list = list_request();
    if (call_raw<List>(hooks, &call, &list, &page, &error) != HWLAB_STOPPED)
      code |= 2;
    if (unload(instance.library(), instance.handle(), 100).status != HWLAB_STOPPED)
      code |= 4;
    ::_exit(code);
  }
  int raw = 0;
  const bool ended = comes_true([&] { return ::waitpid(child, &raw, WNOHANG) == child; },
                                subject.patience * std::chrono::seconds(10));
  if (!ended) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &raw, 0);
  }
  require(ended, "a call in a forked child hangs");
  require(WIFEXITED(raw), "a call in a forked child ends it by signal ", WTERMSIG(raw));
  const int code = WEXITSTATUS(raw);
  require((code & 3) == 0, "a hook in a forked child does not return STOPPED");
  require((code & 4) == 0, "unload in a forked child does not return STOPPED");
  add(hooks, id, "the parent goes on");
}

}  // namespace hwlab::check
