// Opening sessions as this store needs them.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "store/connect.h"
#include "store/deadline.h"
#include "store/log.h"
#include "store/session.h"

namespace hwlab::store {

// Asked before every attempt to connect, so that a password may change meanwhile. Called on threads
// of the store, one of which may outlive it: it owns what it uses. May throw Error.
using ConnectionSource = std::function<ConnectionOptions()>;

// A value: whoever may outlive the store has a copy, and all copies share what they learn. [any
// thread]
class SessionMaker {
 public:
  // `statement_timeout`: after so long the server itself ends a statement, whose caller may have
  // gone. `log`: told once when nothing proves who the server is.
  SessionMaker(ConnectionSource source, bool prepare_statements,
               std::chrono::milliseconds statement_timeout, Log log);

  // Tries each host of the DSN, the one that answered last first, each with its share of the time.
  // Throws Error, as connect().
  std::unique_ptr<Session> operator()(Deadline deadline, const std::atomic<bool>& stop) const;

 private:
  struct Learned;
  std::unique_ptr<Session> open(const ConnectionOptions& options, Deadline deadline,
                                const std::atomic<bool>& stop) const;
  void judge(const Route& route) const;

  ConnectionSource source_;
  PreparedFlag prepared_;
  std::chrono::milliseconds statement_timeout_;
  Log log_;
  std::shared_ptr<Learned> learned_;
};

}  // namespace hwlab::store
