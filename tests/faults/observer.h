// What the server says of a fault run: its contents afterwards, and how many sessions we have there
// meanwhile.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "tests/faults/ledger.h"

namespace hwlab::test {

// Waits until nobody else is at work in the database, and reads it.
inline Contents read_contents(const std::string& dsn) {
  pqxx::connection connection(dsn);
  pqxx::nontransaction transaction(connection);
  const auto deadline = Clock::now() + std::chrono::minutes(2);
  while (transaction
             .exec("select count(*) from pg_stat_activity where datname = "
                   "current_database() and state <> 'idle' and pid <> pg_backend_pid() "
                   "and backend_type = 'client backend'")[0][0]
             .as<int>() > 0)
    if (Clock::now() > deadline)
      throw std::runtime_error("a session does not come to rest");
  Contents contents;
  for (const auto& row : transaction.exec("select id, message_count, last_seq from conversations"))
    contents.conversations.push_back(
        {row[0].c_str(), row[1].as<std::int64_t>(), row[2].as<std::int64_t>()});
  for (const auto& row :
       transaction.exec("select conversation_id, id, seq, role, content from messages"))
    contents.messages.push_back({row[0].c_str(), row[1].c_str(), row[2].as<std::int64_t>(),
                                 row[3].c_str(), row[4].c_str()});
  return contents;
}

// Counts the sessions of an application at a server, over and over, on a session of its own.
class SessionWatch {
 public:
  SessionWatch(std::string dsn, std::string application, int allowed)
      : dsn_(std::move(dsn)),
        application_(std::move(application)),
        allowed_(allowed),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void stop() {
    thread_.request_stop();
    if (thread_.joinable())
      thread_.join();
  }
  // After stop().
  [[nodiscard]] int most() const { return most_; }
  // For how long without a break there were more than allowed, as far as was seen.
  [[nodiscard]] std::chrono::milliseconds longest_above() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(longest_);
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_ptr<pqxx::connection> connection;
    auto fine_at = Clock::now();
    while (!stop.stop_requested()) {
      try {
        if (connection == nullptr)
          connection = std::make_unique<pqxx::connection>(dsn_ + " application_name=watch");
        pqxx::nontransaction transaction(*connection);
        const int count =
            transaction
                .exec_params("select count(*) from pg_stat_activity where application_name = $1",
                             application_)[0][0]
                .as<int>();
        most_ = std::max(most_, count);
        if (count <= allowed_)
          fine_at = Clock::now();
        longest_ = std::max(longest_, Clock::now() - fine_at);
      } catch (const std::exception&) {
        connection.reset();  // the server is gone: nobody has a session there
        fine_at = Clock::now();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  const std::string dsn_;
  const std::string application_;
  const int allowed_;
  int most_ = 0;
  Clock::duration longest_{0};
  std::jthread thread_;
};

}  // namespace hwlab::test
