// One connection to the server, and the only place where libpqxx's exceptions are caught.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "store/cancel.h"
#include "store/classify.h"
#include "store/lost_sessions.h"
#include "store/pqxx_bridge.h"
#include "store/route.h"
#include "store/statements.h"

namespace hwlab::store {

// A statement did not go well: what it means, and what the server said.
class StatementFailed : public std::exception {
 public:
  StatementFailed(Judgement meaning, std::string state, std::string text)
      : judgement_(meaning), sqlstate_(std::move(state)), server_text_(std::move(text)) {}

  [[nodiscard]] const Judgement& judgement() const noexcept { return judgement_; }
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }  // may be empty
  [[nodiscard]] const char* what() const noexcept override { return "a statement failed"; }
  // The first line of the server's own words. It may quote values: for migrations only, which
  // handle none of a user's.
  [[nodiscard]] const std::string& server_text() const noexcept { return server_text_; }
  // The error for a caller when this is where it ends.
  [[nodiscard]] Error to_error() const;

 private:
  Judgement judgement_;
  std::string sqlstate_;
  std::string server_text_;
};

// Whether statements are prepared; shared by the sessions of a pool, because one of them finds out
// for all.
using PreparedFlag = std::shared_ptr<std::atomic<bool>>;

// Used by one thread at a time, but for cut().
class Session {
 public:
  // Takes a finished connection. `lost` is told of `process` when the session does not end as it
  // should; nobody is when it is null.
  Session(bridge::RawConnection made, PreparedFlag prepared, Route route,
          const ServerProcess& process, std::shared_ptr<LostSessions> lost);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // One statement, a transaction of its own. Throws StatementFailed.
  pqxx::result run(const Statement& statement, const Parameters& parameters);
  pqxx::result run(const Statement& statement, const Arrays& arrays);

  // For what is not run often enough to be prepared: may be several statements when there are no
  // parameters.
  pqxx::result run_text(const std::string& sql, const Parameters& parameters = {});

  // `work` within one transaction, committed when it returns. Throws StatementFailed; after any
  // exception nothing is committed.
  void in_transaction(const std::function<void(pqxx::transaction_base&)>& work);

  // Makes whatever statement is running fail now, also when the server does not answer at all. [any
  // thread]
  void cut() noexcept;
  // Once it was cut: what ends the statement at the server too. Nothing when it was not.
  Cancel take_cancel() noexcept;

  [[nodiscard]] bool is_open() const noexcept { return connection_.is_open(); }

  // What an idle connection has to say, without asking the server.
  enum class Line {
    quiet,    // nothing: it was not closed when we looked
    talking,  // something came unasked, perhaps that the session has ended
    closed,
  };
  [[nodiscard]] Line listen() const noexcept;
  [[nodiscard]] int server_version() const { return connection_.server_version(); }
  [[nodiscard]] const Route& route() const noexcept { return route_; }

 private:
  template <typename Work>
  auto guarded(Work work) -> decltype(work());
  template <typename Values>
  pqxx::result run_values(const Statement& statement, const Values& values);

  Cancel cancel_;  // made before libpqxx has the connection
  bridge::Connection connection_;
  PreparedFlag prepared_;
  const Route route_;
  const ServerProcess process_;
  const std::shared_ptr<LostSessions> lost_;
  std::set<const Statement*> known_;  // statements that are prepared here

  std::mutex cut_mutex_;
  bool was_cut_ = false;
  int cut_socket_;  // a duplicate of libpq's: that one may be closed, and its number given to
                    // another file, while we shut it down
};

}  // namespace hwlab::store
