// A TCP proxy on the loopback interface in front of a PostgreSQL server, which does to the
// connections that pass it what networks do.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hwlab::test {

// Runs on a thread of its own. Every function may be called on any thread, and has taken effect
// when it returns. A new gate forwards everything to everyone.
class Gate {
 public:
  using Clock = std::chrono::steady_clock;

  // `server` is a keyword DSN without quotes: its host is a folder (of a unix socket) or a loopback
  // address.
  explicit Gate(const std::string& server);
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  // Resets what is still open.
  ~Gate();

  [[nodiscard]] const std::string& port() const noexcept;
  // The server's DSN, by way of the gate.
  [[nodiscard]] const std::string& dsn() const noexcept;
  // From now on new connections lead to this server.
  void lead_to(const std::string& server);

  // ---- what passes ----

  // Everything passes again, also what was held meanwhile; only what is lost stays lost.
  void forward();
  // Each byte arrives so much later, in each direction; what is under way keeps its time.
  // Throughput is not limited.
  void delay(std::chrono::microseconds each_way);
  // Nothing arrives any more, in either direction, not even the end of a connection, until
  // forward().
  void hold();
  // The connections that are open now are held for ever.
  void black_hole();
  // The connections that are open now are reset.
  void reset();

  enum class From { client, server };
  // Once this many more bytes from there have been passed on, their connection is reset. Once.
  void cut_after(From side, std::uint64_t bytes);

  // ---- who may enter ----

  void welcome();  // everybody, as at first
  void ignore();   // new connections are accepted, and nothing more, for ever
  void refuse();   // nobody listens
  // New connections are answered with a FATAL error: 57P01, 57P03, 53300 ...
  void turn_away(const std::string& sqlstate, const std::string& text);

  // ---- one statement ----

  enum class Fate {
    lose_request,  // it does not reach the server; both ends are reset
    lose_reply,    // it runs, and when its whole answer is there both ends are reset
    keep_request,  // the client is reset; the server gets it with release_kept(), as if it had been
                   // under way so long
  };
  // What becomes of the next statement that `matches` says yes to. Once; a later call replaces it.
  // `matches` is called on the gate's thread with the SQL, for a prepared statement too.
  using Matches = std::function<bool(std::string_view sql)>;
  void strike(Fate fate, Matches matches);
  void release_kept();

  // ---- what happened ----

  struct Counters {
    std::uint64_t attempts = 0;  // connections accepted, whatever became of them
    std::uint64_t passed = 0;    // of those, led to the server
    int open = 0;  // now: pairs that still have both ends, as far as the gate was told
    std::uint64_t to_server = 0;  // bytes
    std::uint64_t to_client = 0;
    std::uint64_t cut = 0;       // by cut_after()
    std::uint64_t struck = 0;    // statements that have met their fate
    std::uint64_t answered = 0;  // statements that were kept, released, and answered by the server
  };
  [[nodiscard]] Counters counters() const;
  [[nodiscard]] std::vector<Clock::time_point> attempt_times() const;
  // Waits until it is so. False: not within `patience`.
  [[nodiscard]] bool comes_true(
      const std::function<bool(const Counters&)>& wanted,
      std::chrono::milliseconds patience = std::chrono::seconds(20)) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Statements that append messages.
bool is_append(std::string_view sql);

}  // namespace hwlab::test
