#include "store/session.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace hwlab::store {
namespace {

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

Error StatementFailed::to_error() const {
  std::string sentence(sentence_for(sqlstate_, judgement_.kind));
  if (!sqlstate_.empty())
    sentence += " (SQLSTATE " + sqlstate_ + ")";
  return {judgement_.kind, sentence, sqlstate_};
}

Session::Session(bridge::RawConnection made, PreparedFlag prepared, Route route,
                 const ServerProcess& process, std::shared_ptr<LostSessions> lost)
    : cancel_(cancel_of(made.get())),
      connection_(std::move(made)),
      prepared_(std::move(prepared)),
      route_(std::move(route)),
      process_(process),
      lost_(std::move(lost)),
      cut_socket_(::fcntl(connection_.sock(), F_DUPFD_CLOEXEC, 0)) {
  // Without it nothing could end a statement that is not answered.
  if (cut_socket_ < 0)
    throw Error(Kind::unavailable, "the process has no file descriptor left for a connection");
}

Session::~Session() {
  const std::lock_guard lock(cut_mutex_);
  // The server has not been told, or nobody knows whether it was.
  if (lost_ != nullptr && (was_cut_ || !connection_.is_open()))
    lost_->add(process_);
  if (cut_socket_ >= 0)
    ::close(cut_socket_);
  cut_socket_ = -1;
}

Session::Line Session::listen() const noexcept {
  char byte = 0;
  const auto got = ::recv(cut_socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0)
    return Line::talking;
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? Line::quiet
                                                                                : Line::closed;
}

void Session::cut() noexcept {
  const std::lock_guard lock(cut_mutex_);
  was_cut_ = true;
  if (cut_socket_ >= 0)
    ::shutdown(cut_socket_, SHUT_RDWR);
}

Cancel Session::take_cancel() noexcept {
  const std::lock_guard lock(cut_mutex_);
  return was_cut_ ? std::move(cancel_) : nullptr;
}

template <typename Work>
auto Session::guarded(Work work) -> decltype(work()) {
  const auto failed = [this](Thrown thrown, std::string_view sqlstate, std::string_view text) {
    const Facts facts{
        .connection_open = connection_.is_open(), .thrown = thrown, .sqlstate = sqlstate};
    return StatementFailed(classify(facts), std::string(sqlstate), first_line(text));
  };
  // The narrow types first: see Thrown.
  try {
    return work();
  } catch (const pqxx::in_doubt_error& error) {
    throw failed(Thrown::in_doubt, {}, error.what());
  } catch (const pqxx::broken_connection& error) {
    throw failed(Thrown::broken_connection, {}, error.what());
  } catch (const pqxx::statement_completion_unknown& error) {
    throw failed(Thrown::completion_unknown, "40003", error.what());
  } catch (const pqxx::serialization_failure& error) {
    throw failed(Thrown::rollback, "40001", error.what());
  } catch (const pqxx::deadlock_detected& error) {
    throw failed(Thrown::rollback, "40P01", error.what());
  } catch (const pqxx::transaction_rollback& error) {
    throw failed(Thrown::rollback, {}, error.what());
  } catch (const pqxx::insufficient_privilege& error) {
    throw failed(Thrown::sql_error, "42501", error.what());  // which libpqxx 6 does not tell
  } catch (const pqxx::sql_error& error) {
    throw failed(Thrown::sql_error, error.sqlstate(), error.what());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::logic_error& error) {  // pqxx::usage_error, argument_error, ...
    throw failed(Thrown::usage, {}, error.what());
  } catch (const pqxx::failure& error) {
    throw failed(Thrown::other, {}, error.what());
  }
}

template <typename Values>
pqxx::result Session::run_values(const Statement& statement, const Values& values) {
  const auto run_unprepared = [&] {
    return guarded([&] {
      pqxx::nontransaction transaction(connection_);
      return bridge::run_text(transaction, statement.sql, values);
    });
  };
  if (!prepared_->load(std::memory_order_relaxed))
    return run_unprepared();
  try {
    return guarded([&] {
      if (!known_.contains(&statement)) {
        connection_.prepare(statement.name, statement.sql);
        known_.insert(&statement);
      }
      pqxx::nontransaction transaction(connection_);
      return bridge::run_prepared(transaction, statement.name, values);
    });
  } catch (const StatementFailed& failure) {
    if (failure.judgement().next != Next::unprepared)
      throw;
    // Nothing was run. A pooler hands each statement to another session, or has had this one
    // prepared by someone else.
    prepared_->store(false, std::memory_order_relaxed);
    return run_unprepared();
  }
}

pqxx::result Session::run(const Statement& statement, const Parameters& parameters) {
  return run_values(statement, parameters);
}

pqxx::result Session::run(const Statement& statement, const Arrays& arrays) {
  return run_values(statement, arrays);
}

pqxx::result Session::run_text(const std::string& sql, const Parameters& parameters) {
  return guarded([&] {
    pqxx::nontransaction transaction(connection_);
    // Without parameters by the simple protocol, which takes several statements.
    return parameters.empty() ? transaction.exec(sql)
                              : bridge::run_text(transaction, sql, parameters);
  });
}

void Session::in_transaction(const std::function<void(pqxx::transaction_base&)>& work) {
  guarded([&] {
    pqxx::work transaction(connection_);
    // Later statements must see what others have committed meanwhile, whatever the server's default
    // is.
    transaction.exec("set transaction isolation level read committed");
    work(transaction);
    transaction.commit();
  });
}

}  // namespace hwlab::store
