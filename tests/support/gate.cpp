#include "tests/support/gate.h"

#include <future>
#include <sstream>
#include <thread>

#include "tests/support/gate_link.h"

namespace hwlab::test {
namespace {

using namespace gate;

Endpoint endpoint_of(const std::string& dsn) {
  std::string host;
  std::string port = "5432";
  std::istringstream words(dsn);
  for (std::string word; words >> word;) {
    if (word.starts_with("host="))
      host = word.substr(5);
    else if (word.starts_with("port="))
      port = word.substr(5);
  }
  if (host.starts_with('/'))
    return asio::local::stream_protocol::endpoint(host + "/.s.PGSQL." + port);
  const auto address =
      host == "localhost" ? asio::ip::address_v4::loopback() : asio::ip::make_address(host);
  return tcp::endpoint(address, static_cast<unsigned short>(std::stoi(port)));
}

std::string fatal_message(const std::string& sqlstate, const std::string& text) {
  std::string fields;
  for (const std::string& field :
       {std::string("SFATAL"), std::string("VFATAL"), "C" + sqlstate, "M" + text, std::string()})
    fields += field + '\0';
  const std::uint32_t size = htonl(static_cast<std::uint32_t>(fields.size() + 4));
  return 'E' + std::string(reinterpret_cast<const char*>(&size), 4) + fields;
}

}  // namespace

class Gate::Impl {
 public:
  explicit Impl(const std::string& server) : server_(endpoint_of(server)) {
    listen(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    address_ = acceptor_.local_endpoint();
    port_ = std::to_string(address_.port());
    dsn_ = server + " host=127.0.0.1 port=" + port_;
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    on_thread([this] {
      error_code ignored;
      acceptor_.close(ignored);
      for_each([](Link& link) { link.reset(); });
      context_.stop();
    });
    thread_.join();
  }

  // Runs `work` on the gate's thread, and waits for it.
  template <typename Work>
  void on_thread(Work work) {
    asio::post(context_, std::packaged_task<void()>(std::move(work))).get();
  }

  template <typename Work>
  void for_each(Work work) {
    const auto links = links_;  // a link that is done is removed
    for (const auto& link : links)
      work(*link);
  }

  void listen(const tcp::endpoint& address) {
    acceptor_.open(address.protocol());
    close_on_exec(acceptor_);
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(address);
    acceptor_.listen();
  }

  void let_in(Newcomers newcomers) {
    rules_.newcomers = newcomers;
    if (acceptor_.is_open())
      return;
    listen(address_);
    accept();
  }

  void accept() {
    acceptor_.async_accept([this](const error_code& failed, tcp::socket client) {
      if (!acceptor_.is_open())
        return;
      if (!failed)
        take(std::move(client));
      accept();
    });
  }

  void take(tcp::socket client) {
    std::erase_if(links_, [](const auto& link) { return link->is_over(); });
    close_on_exec(client);
    error_code ignored;
    client.set_option(tcp::no_delay(true), ignored);
    {
      const std::lock_guard lock(tally_.mutex);
      tally_.attempts.push_back(Clock::now());
    }
    tally_.update([](Gate::Counters& counters) { ++counters.attempts; });
    const auto link = std::make_shared<Link>(context_, Socket(std::move(client)), rules_, tally_);
    links_.insert(link);
    switch (rules_.newcomers) {
      case Newcomers::welcome:
        return link->lead_to(server_);
      case Newcomers::ignore:
        return link->ignore();
      case Newcomers::turn_away:
        return link->turn_away();
    }
  }

  asio::io_context context_;
  // Also while nobody listens and nothing passes the thread goes on.
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  tcp::acceptor acceptor_{context_};
  tcp::endpoint address_;
  std::string port_;
  std::string dsn_;
  Endpoint server_;
  Rules rules_;
  Tally tally_;
  std::set<std::shared_ptr<Link>> links_;
  std::thread thread_;
};

Gate::Gate(const std::string& server) : impl_(std::make_unique<Impl>(server)) {}
Gate::~Gate() = default;

const std::string& Gate::port() const noexcept {
  return impl_->port_;
}
const std::string& Gate::dsn() const noexcept {
  return impl_->dsn_;
}
void Gate::lead_to(const std::string& server) {
  impl_->on_thread([&] { impl_->server_ = endpoint_of(server); });
}

void Gate::forward() {
  impl_->on_thread([this] {
    impl_->rules_.held = false;
    impl_->rules_.delay = {};
    impl_->for_each([](Link& link) { link.resume(); });
  });
}
void Gate::delay(std::chrono::microseconds each_way) {
  impl_->on_thread([this, each_way] { impl_->rules_.delay = each_way; });
}
void Gate::hold() {
  impl_->on_thread([this] { impl_->rules_.held = true; });
}
void Gate::black_hole() {
  impl_->on_thread([this] { impl_->for_each([](Link& link) { link.lose(); }); });
}
void Gate::reset() {
  impl_->on_thread([this] { impl_->for_each([](Link& link) { link.reset(); }); });
}
void Gate::cut_after(From side, std::uint64_t bytes) {
  impl_->on_thread([&] { impl_->rules_.cut_after[side == From::client ? 0 : 1] = bytes; });
}

void Gate::welcome() {
  impl_->on_thread([this] { impl_->let_in(Newcomers::welcome); });
}
void Gate::ignore() {
  impl_->on_thread([this] { impl_->let_in(Newcomers::ignore); });
}
void Gate::refuse() {
  impl_->on_thread([this] {
    error_code ignored;
    impl_->acceptor_.close(ignored);
  });
}
void Gate::turn_away(const std::string& sqlstate, const std::string& text) {
  impl_->on_thread([&] {
    impl_->rules_.refusal = fatal_message(sqlstate, text);
    impl_->let_in(Newcomers::turn_away);
  });
}

void Gate::strike(Fate fate, Matches matches) {
  impl_->on_thread([&] { impl_->rules_.strike = Strike{fate, std::move(matches)}; });
}
void Gate::release_kept() {
  impl_->on_thread([this] { impl_->for_each([](Link& link) { link.release_kept(); }); });
}

Gate::Counters Gate::counters() const {
  const std::lock_guard lock(impl_->tally_.mutex);
  return impl_->tally_.counters;
}
std::vector<Gate::Clock::time_point> Gate::attempt_times() const {
  const std::lock_guard lock(impl_->tally_.mutex);
  return impl_->tally_.attempts;
}
bool Gate::comes_true(const std::function<bool(const Counters&)>& wanted,
                      std::chrono::milliseconds patience) const {
  std::unique_lock lock(impl_->tally_.mutex);
  return impl_->tally_.changed.wait_for(lock, patience,
                                        [&] { return wanted(impl_->tally_.counters); });
}

bool is_append(std::string_view sql) {
  return sql.find("insert into") != std::string_view::npos &&
         sql.find(".messages ") != std::string_view::npos;
}

}  // namespace hwlab::test
