// One connection through a gate: what passes, what is held, and what becomes of it. Part of
// gate.cpp.
#pragma once

#include <utility>  // which Boost.Asio 1.74 forgets

#include <arpa/inet.h>
#include <fcntl.h>

#include <array>
#include <boost/asio.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/gate.h"
#include "tests/support/gate_frontend.h"

namespace hwlab::test::gate {

namespace asio = boost::asio;
using asio::ip::tcp;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;
using Clock = Gate::Clock;

// Beyond this much under way the sender has to wait; above what a fast link holds in 100 ms.
constexpr std::size_t most_under_way = 64U << 20U;
constexpr std::size_t read_size = 65'536;

// A server that a test starts meanwhile must not keep the connections of others open.
template <typename AnySocket>
void close_on_exec(AnySocket& socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

inline void reset_socket(Socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

struct Chunk {
  enum class Then { go_on, close, reset };
  Clock::time_point due;
  std::string bytes;
  Then then = Then::go_on;
};

// One direction of a connection.
struct Pipe {
  Pipe(asio::io_context& context, Socket& source, Socket& sink)
      : from(source), to(sink), timer(context) {}
  Socket& from;
  Socket& to;
  asio::steady_timer timer;
  std::array<char, read_size> buffer{};
  std::deque<Chunk> queue;
  std::size_t under_way = 0;
  bool reading = false;
  bool writing = false;
  bool ended = false;  // what comes now is not passed on
};

enum class Newcomers { welcome, ignore, turn_away };

struct Strike {
  Gate::Fate fate;
  Gate::Matches matches;
};

// What the links of one gate share; of the gate's thread.
struct Rules {
  std::chrono::microseconds delay{0};
  bool held = false;
  std::array<std::optional<std::uint64_t>, 2> cut_after;  // by side
  Newcomers newcomers = Newcomers::welcome;
  std::string refusal;
  std::optional<Strike> strike;
};

// [any thread]
struct Tally {
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  Gate::Counters counters;
  std::vector<Clock::time_point> attempts;

  template <typename Change>
  void update(Change change) {
    const std::lock_guard lock(mutex);
    change(counters);
    changed.notify_all();
  }
};

// A client's connection and the one to the server that belongs to it.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(asio::io_context& context, Socket client, Rules& rules, Tally& tally)
      : client_(std::move(client)),
        server_(context),
        rules_(rules),
        tally_(tally),
        up_(context, client_, server_),
        down_(context, server_, client_) {}

  void lead_to(const Endpoint& server) {
    server_.open(server.protocol());
    close_on_exec(server_);
    server_.async_connect(server, [self = shared_from_this()](const error_code& failed) {
      if (failed)
        return self->reset();
      self->is_open_ = true;
      self->tally_.update([](Gate::Counters& counters) { ++counters.passed, ++counters.open; });
      if (self->server_.local_endpoint().protocol().family() != AF_UNIX)
        self->server_.set_option(tcp::no_delay(true));
      self->read(self->up_);
      self->read(self->down_);
    });
  }

  // Reads what the client says, and drops it.
  void ignore() {
    client_.async_read_some(asio::buffer(up_.buffer),
                            [self = shared_from_this()](const error_code& failed, std::size_t) {
                              failed ? self->reset() : self->ignore();
                            });
  }

  void turn_away() {
    client_.async_read_some(
        asio::buffer(up_.buffer),
        [self = shared_from_this()](const error_code& failed, std::size_t size) {
          if (failed)
            return self->reset();
          // A question for encryption has 8 bytes and is answered with no.
          const bool asks = size == 8;
          auto answer = std::make_shared<std::string>(asks ? "N" : self->rules_.refusal);
          asio::async_write(self->client_, asio::buffer(*answer),
                            [self, answer, asks](const error_code& unsent, std::size_t) {
                              asks && !unsent ? self->turn_away() : self->close();
                            });
        });
  }

  void lose() { lost_ = true; }
  void resume() {
    write(up_);
    write(down_);
  }
  void release_kept() {
    if (!kept_ || client_.is_open())
      return;
    auto kept = *std::exchange(kept_, std::nullopt);
    for (std::string& bytes : kept)
      push(up_, {Clock::now(), std::move(bytes)});
    released_ = true;
    write(up_);
  }
  void close() {
    end([](Socket& socket) {
      error_code ignored;
      socket.close(ignored);
    });
  }
  void reset() { end(reset_socket); }
  [[nodiscard]] bool is_over() const { return !client_.is_open() && !server_.is_open(); }

 private:
  template <typename End>
  void end(End end_of) {
    end_of(client_);
    end_of(server_);
    up_.timer.cancel();
    down_.timer.cancel();
    left();
  }
  void left() {
    if (std::exchange(is_open_, false))
      tally_.update([](Gate::Counters& counters) { --counters.open; });
  }

  void read(Pipe& pipe) {
    if (pipe.reading || pipe.ended || !pipe.from.is_open() || pipe.under_way > most_under_way)
      return;
    pipe.reading = true;
    pipe.from.async_read_some(
        asio::buffer(pipe.buffer),
        [self = shared_from_this(), &pipe](const error_code& failed, std::size_t size) {
          pipe.reading = false;
          const auto due = Clock::now() + self->rules_.delay;
          if (failed == asio::error::operation_aborted)
            return;
          if (failed) {
            self->push(pipe, {due, {}, Chunk::Then::close});
          } else {
            self->take(pipe, {due, std::string(pipe.buffer.data(), size)});
            self->read(pipe);
          }
          self->write(pipe);
        });
  }

  void push(Pipe& pipe, Chunk chunk) {
    pipe.under_way += chunk.bytes.size();
    pipe.ended = chunk.then != Chunk::Then::go_on;
    pipe.queue.push_back(std::move(chunk));
  }

  void take(Pipe& pipe, Chunk chunk) {
    const bool is_up = &pipe == &up_;
    if (is_up && !listen(chunk.bytes))
      return;
    if (!is_up && !hear_answer(chunk.bytes))
      return;
    auto& cut_after = rules_.cut_after[is_up ? 0 : 1];
    if (cut_after && chunk.bytes.size() >= *cut_after) {
      chunk.bytes.resize(*cut_after);
      chunk.then = Chunk::Then::reset;
      cut_after.reset();
    } else if (cut_after) {
      *cut_after -= chunk.bytes.size();
    }
    tally_.update([&](Gate::Counters& counters) {
      (is_up ? counters.to_server : counters.to_client) += chunk.bytes.size();
    });
    push(pipe, std::move(chunk));
  }

  // False: these bytes are not to be passed on now.
  bool listen(std::string& bytes) {
    bool lose_request = false;
    bool complete = false;
    frontend_.feed(
        bytes,
        [&](std::string_view sql) {
          if (!rules_.strike || !rules_.strike->matches(sql))
            return;
          const Gate::Fate fate = rules_.strike->fate;
          rules_.strike.reset();
          lose_request = fate == Gate::Fate::lose_request;
          loses_reply_ = fate == Gate::Fate::lose_reply;
          if (fate == Gate::Fate::keep_request)
            kept_.emplace();
        },
        [&] { complete = true; });
    if (lose_request) {
      struck();
      reset();
      return false;
    }
    if (!kept_)
      return true;
    kept_->push_back(std::move(bytes));
    if (complete) {
      struck();
      reset_socket(client_);
      left();
    }
    return false;
  }

  // False: nobody is to hear it.
  bool hear_answer(std::string_view bytes) {
    if (!loses_reply_ && !released_)
      return true;
    // ReadyForQuery: what comes last of every answer.
    tail_.append(bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 6)));
    tail_.erase(0, tail_.size() - std::min<std::size_t>(tail_.size(), 6));
    if (std::string_view(tail_).substr(0, 5) == std::string_view("Z\0\0\0\5", 5)) {
      if (loses_reply_)
        struck();
      else
        tally_.update([](Gate::Counters& counters) { ++counters.answered; });
      reset();
    }
    return false;
  }
  void struck() {
    tally_.update([](Gate::Counters& counters) { ++counters.struck; });
  }

  void write(Pipe& pipe) {
    if (pipe.writing || pipe.queue.empty() || rules_.held || lost_)
      return;
    const auto now = Clock::now();
    if (pipe.queue.front().due > now) {
      pipe.timer.expires_at(pipe.queue.front().due);
      pipe.timer.async_wait([self = shared_from_this(), &pipe](const error_code& failed) {
        if (!failed)
          self->write(pipe);
      });
      return;
    }
    std::vector<asio::const_buffer> buffers;
    for (const Chunk& chunk : pipe.queue) {
      if (chunk.due > now || buffers.size() == 64)
        break;
      buffers.emplace_back(asio::buffer(chunk.bytes));
      if (chunk.then != Chunk::Then::go_on)
        break;
    }
    pipe.writing = true;
    asio::async_write(pipe.to, buffers,
                      [self = shared_from_this(), &pipe, count = buffers.size()](
                          const error_code& failed, std::size_t size) {
                        pipe.writing = false;
                        failed ? self->close() : self->written(pipe, count, size);
                      });
  }

  void written(Pipe& pipe, std::size_t chunks, std::size_t size) {
    const Chunk::Then then = pipe.queue[chunks - 1].then;
    pipe.under_way -= size;
    pipe.queue.erase(pipe.queue.begin(), pipe.queue.begin() + static_cast<std::ptrdiff_t>(chunks));
    if (then == Chunk::Then::go_on) {
      write(pipe);
      read(pipe);
      return;
    }
    if (then == Chunk::Then::reset)
      tally_.update([](Gate::Counters& counters) { ++counters.cut; });
    then == Chunk::Then::close ? close() : reset();
  }

  Socket client_;
  Socket server_;
  Rules& rules_;
  Tally& tally_;
  Pipe up_;
  Pipe down_;
  FrontendStream frontend_;
  bool is_open_ = false;
  bool lost_ = false;
  bool loses_reply_ = false;
  bool released_ = false;
  std::optional<std::vector<std::string>> kept_;
  std::string tail_;
};

}  // namespace hwlab::test::gate
