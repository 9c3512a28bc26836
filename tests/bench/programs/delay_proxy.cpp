// A network between client and server: every byte arrives so much later in either direction,
// however many are under way.
//
//   bench_delay_proxy --listen FOLDER --to FOLDER --delay-us N
//
// Both are folders of PostgreSQL's unix sockets. Prints "ready", and ends when its input does.
#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <chrono>
#include <deque>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using Clock = std::chrono::steady_clock;
using asio::local::stream_protocol;

// One direction of one connection. Each chunk has its own time of arrival, so this delays and does
// not throttle.
class Direction : public std::enable_shared_from_this<Direction> {
 public:
  Direction(std::shared_ptr<Socket> from, std::shared_ptr<Socket> to, Clock::duration delay)
      : from_(std::move(from)), to_(std::move(to)), delay_(delay), timer_(to_->get_executor()) {}

  void receive() {
    auto bytes = std::make_shared<std::vector<char>>(size_);
    from_->async_read_some(asio::buffer(*bytes), [self = shared_from_this(), bytes](
                                                     const auto& error, std::size_t count) {
      bytes->resize(count);
      self->waiting_.push_back({Clock::now() + self->delay_, bytes, bool(error)});
      if (self->waiting_.size() == 1)
        self->await_first();
      if (!error)
        self->receive();
    });
  }

 private:
  struct Chunk {
    Clock::time_point due;
    std::shared_ptr<std::vector<char>> bytes;
    bool is_end;
  };

  void await_first() {
    timer_.expires_at(waiting_.front().due);
    timer_.async_wait([self = shared_from_this()](const auto&) { self->deliver(); });
  }

  void deliver() {
    if (waiting_.front().is_end) {
      boost::system::error_code ignored;
      to_->shutdown(Socket::shutdown_send, ignored);
      return;
    }
    asio::async_write(*to_, asio::buffer(*waiting_.front().bytes),
                      [self = shared_from_this()](const auto& error, std::size_t) {
                        self->waiting_.pop_front();
                        if (!error && !self->waiting_.empty())
                          self->await_first();
                      });
  }

  static constexpr std::size_t size_ = 64 * 1024;
  std::shared_ptr<Socket> from_;
  std::shared_ptr<Socket> to_;
  Clock::duration delay_;
  asio::steady_timer timer_;
  std::deque<Chunk> waiting_;
};

class Proxy {
 public:
  Proxy(asio::io_context& context, const std::string& listen, std::string to, Clock::duration delay)
      : acceptor_(context, stream_protocol::endpoint(listen)), to_(std::move(to)), delay_(delay) {}

  void accept() {
    acceptor_.async_accept([this](const auto& error, Socket accepted) {
      if (error)
        return;
      auto client = std::make_shared<Socket>(std::move(accepted));
      auto server = std::make_shared<Socket>(acceptor_.get_executor());
      boost::system::error_code refused;
      server->connect(stream_protocol::endpoint(to_), refused);
      if (!refused) {
        std::make_shared<Direction>(client, server, delay_)->receive();
        std::make_shared<Direction>(server, client, delay_)->receive();
      }
      accept();
    });
  }

 private:
  stream_protocol::acceptor acceptor_;
  std::string to_;
  Clock::duration delay_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string listen;
  std::string to;
  int delay_us = 1000;
  CLI::App app;
  app.add_option("--listen", listen)->required();
  app.add_option("--to", to)->required();
  app.add_option("--delay-us", delay_us);
  CLI11_PARSE(app, argc, argv);
  const std::string file = "/.s.PGSQL.5432";
  asio::io_context context;
  Proxy proxy(context, listen + file, to + file, std::chrono::microseconds(delay_us));
  proxy.accept();
  std::jthread watcher([&context] {
    while (std::cin.get() != std::istream::traits_type::eof()) {
    }
    context.stop();
  });
  std::cout << "ready" << std::endl;
  context.run();
}
