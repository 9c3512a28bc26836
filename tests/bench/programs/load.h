// The load of every C++ program here: callers in a closed loop, each sends its next call when its
// last one has been answered.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace hwlab::bench {

struct Load {
  std::string dsn;
  std::string schema = "plain";
  int callers = 1;
  int connections = 4;
  double warmup_seconds = 0.5;  // not counted
  double seconds = 1.0;
  int conversations = 1000;
};

inline void add_options(CLI::App& app, Load& load) {
  app.add_option("--dsn", load.dsn)->required();
  app.add_option("--schema", load.schema);
  app.add_option("--callers", load.callers);
  app.add_option("--connections", load.connections);
  app.add_option("--warmup", load.warmup_seconds);
  app.add_option("--seconds", load.seconds);
  app.add_option("--conversations", load.conversations);
}

// Ids that every program can make by itself, pgbench too: the number in decimal digits, read as
// hexadecimal ones.
inline std::string conversation_id(int number) {
  std::string text(36, '0');
  std::snprintf(text.data(), text.size() + 1, "00000000-0000-0000-0000-%012d", number);
  return text;
}

// The message that all of them append: 200 bytes.
inline std::string message_content() {
  const std::string sentence = "The relay of the kettle has clicked 41 times since Tuesday; ";
  std::string text;
  while (text.size() < 200)
    text += sentence;
  text.resize(200);
  return text;
}

// Numbers from 1 to `count`, another sequence for each caller.
class Random {
 public:
  Random(int caller, int count)
      : engine_(static_cast<std::uint64_t>(caller) + 1), numbers_(1, count) {}
  int operator()() { return numbers_(engine_); }

 private:
  std::mt19937_64 engine_;
  std::uniform_int_distribution<int> numbers_;
};

// Connections that callers share: each takes one for a call, and waits for it when there are fewer
// than callers.
template <typename Connection>
class Shared {
 public:
  explicit Shared(int count, const std::function<std::unique_ptr<Connection>()>& open) {
    for (int i = 0; i < count; ++i)
      free_.push_back(open());
  }

  template <typename Work>
  auto with(Work work) {
    struct Lease {
      Shared& from;
      std::unique_ptr<Connection> connection;
      ~Lease() {
        {
          const std::lock_guard lock(from.mutex_);
          from.free_.push_back(std::move(connection));
        }
        from.returned_.notify_one();
      }
    };
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !free_.empty(); });
    Lease lease{*this, std::move(free_.back())};
    free_.pop_back();
    lock.unlock();
    return work(*lease.connection);
  }

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> free_;
};

inline double at_quantile(const std::vector<float>& sorted, double quantile) {
  if (sorted.empty())
    return 0;
  const auto rank =
      static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

// Runs `make_caller(number)` on each thread, and what it returns over and over again; prints one
// line of JSON. `units`: what one call counts for, rows for instance. The first failure ends the
// program.
template <typename MakeCaller>
void measure(const Load& load, MakeCaller make_caller, int units = 1) {
  using Clock = std::chrono::steady_clock;
  const auto span = [](double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  std::vector<std::vector<float>> latencies(static_cast<std::size_t>(load.callers));
  const auto begin = Clock::now() + span(load.warmup_seconds);
  const auto end = begin + span(load.seconds);
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < load.callers; ++number)
      threads.emplace_back([&, number] {
        try {
          std::vector<float>& mine = latencies[static_cast<std::size_t>(number)];
          mine.reserve(65'536);
          auto call = make_caller(number);
          for (auto started = Clock::now(); started < end;) {
            call();
            const auto done = Clock::now();
            if (done >= begin && done < end)
              mine.push_back(std::chrono::duration<float, std::micro>(done - started).count());
            started = done;
          }
        } catch (const std::exception& error) {
          std::cerr << error.what() << '\n';
          std::_Exit(1);
        }
      });
  }
  std::vector<float> all;
  for (const auto& mine : latencies)
    all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  std::cout << nlohmann::json{{"per_second",
                               static_cast<double>(all.size()) * units / load.seconds},
                              {"calls", all.size()},
                              {"p50_us", at_quantile(all, 0.5)},
                              {"p99_us", at_quantile(all, 0.99)},
                              {"max_us", at_quantile(all, 1)}}
            << std::endl;
}

}  // namespace hwlab::bench
