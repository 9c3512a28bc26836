// An earlier store at work: it knows the plain schema only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/database.h"

namespace hwlab::test {

// An earlier store: a thread with a connection of its own that runs one transaction after another,
// and knows the plain schema only.
class EarlierWriter {
 public:
  using Work = std::function<void(pqxx::connection&)>;

  // At most one transaction in `period`; 0: as many as it can.
  EarlierWriter(const Database& database, std::chrono::milliseconds period, Work work)
      : connection_(database.dsn()),
        period_(period),
        work_(std::move(work)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void stop() {
    thread_.request_stop();
    if (thread_.joinable())
      thread_.join();
  }
  [[nodiscard]] int done() const { return done_; }
  // After stop(): the errors, and the longest transaction, by the writer's own clock.
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }
  [[nodiscard]] std::chrono::milliseconds longest() const { return longest_; }

 private:
  void run(const std::stop_token& stop) {
    for (auto next = std::chrono::steady_clock::now(); !stop.stop_requested(); next += period_) {
      std::this_thread::sleep_until(next);
      const auto start = std::chrono::steady_clock::now();
      try {
        work_(connection_);
      } catch (const std::exception& error) {
        failures_.emplace_back(error.what());
      }
      longest_ = std::max(longest_, std::chrono::ceil<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now() - start));
      ++done_;
    }
  }

  pqxx::connection connection_;
  std::chrono::milliseconds period_;
  Work work_;
  std::vector<std::string> failures_;
  std::chrono::milliseconds longest_{0};
  std::atomic<int> done_{0};
  std::jthread thread_;
};

inline void wait_for(const EarlierWriter& writer, int transactions) {
  const auto deadline = store::Deadline::in(std::chrono::seconds(60));
  while (writer.done() < transactions && !deadline.passed())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GE(writer.done(), transactions);
}

inline void expect_no_failure(EarlierWriter& writer) {
  writer.stop();
  EXPECT_TRUE(writer.failures().empty())
      << writer.failures().size() << " failed, the first: " << writer.failures().front();
}

inline std::string insert_message(const std::string& conversation,
                                  const std::string& content = "from an earlier store") {
  return "insert into messages (conversation_id, role, content) values ('" + conversation +
         "', 'user', '" + content + "')";
}

inline std::vector<std::string> ids_of_conversations(const Database& database,
                                                     const std::string& condition) {
  std::vector<std::string> ids;
  for (const auto& row : database.run("select id from conversations where " + condition))
    ids.emplace_back(row[0].c_str());
  return ids;
}

}  // namespace hwlab::test
