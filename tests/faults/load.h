// Writers that append through a loaded plugin, and write down what they did.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <hwlab/plugin_host.hpp>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/ledger.h"

namespace hwlab::test {

struct LoadOptions {
  int writers = 8;
  int own_conversations = 2;     // of each writer
  int shared_conversations = 3;  // of all of them
  // Of each call, drawn between these.
  std::chrono::milliseconds least_timeout{20'000};
  std::chrono::milliseconds most_timeout{30'000};
  // A pause of up to so long between two calls, so that long runs do not fill the disk.
  std::chrono::milliseconds pause{0};
  unsigned seed = 0;
  int first_writer = 0;                    // its number in the ledger
  const class Load* share_with = nullptr;  // the shared conversations are this one's
};

// Single messages and turns of two, short and long, some calls of unknown outcome repeated. What
// each writer does is drawn from the seed; the order between writers is not.
class Load {
 public:
  // Creates the conversations; then the writers start.
  Load(const host::ConversationStore& store, const LoadOptions& options);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { stop(); }

  // Waits until so many more calls were OK. False: not within `patience`.
  bool await_ok(int calls, std::chrono::milliseconds patience = std::chrono::seconds(60));
  // The same of calls that were not OK.
  bool await_failed(int calls, std::chrono::milliseconds patience = std::chrono::seconds(60));
  // Lets each writer finish its call. Returns when all have.
  void stop();
  // After stop().
  [[nodiscard]] Ledger ledger() const;

 private:
  struct Writer {
    int number;
    std::mt19937 random;
    std::vector<std::string> conversations;
    Ledger ledger;
  };
  void run(Writer& writer);
  LedgerCall next_call(Writer& writer);
  void call(LedgerCall& call) const;

  host::ConversationStore store_;
  LoadOptions options_;
  std::vector<std::string> shared_;
  std::vector<Writer> writers_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;  // ok_ or failed_
  std::condition_variable stopped_;
  std::int64_t ok_ = 0;
  std::int64_t failed_ = 0;
  std::vector<std::jthread> threads_;
};

// HWLAB_FAULT_SEED, or one drawn now; printed once, so that a run can be repeated.
unsigned fault_seed();

}  // namespace hwlab::test
