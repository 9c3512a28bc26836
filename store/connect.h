// Connecting in steps, so that it can be given up at any moment; the only file of the store that
// calls libpq itself.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/deadline.h"
#include "store/route.h"
#include "store/session.h"

namespace hwlab::store {

// Connection options of libpq by keyword, such as {"host", "/run/postgresql"}. They hold the
// password: nothing prints them.
using ConnectionOptions = std::vector<std::pair<std::string, std::string>>;

// Opens a session. Gives up when the deadline has passed or `stop` is set; both are noticed within
// 20 ms, but while libpq resolves a host name, which cannot be interrupted. Throws Error:
// permission (the login is refused), config (no such database, or one that is not UTF8),
// unavailable, stopped. Its text holds libpq's words, and so may hold a secret: the caller's caller
// redacts.
//
// `on_route` is told the route once it is known, before anything is sent, whatever then becomes of
// the attempt.
//
// The session ends those that are `lost`, before it is given away, and is itself added to them when
// it comes to that; null for a pooler's sessions, whose processes are not known.
std::unique_ptr<Session> connect(const ConnectionOptions& options, const PreparedFlag& prepared,
                                 Deadline deadline, const std::atomic<bool>& stop,
                                 const std::function<void(const Route&)>& on_route = {},
                                 std::shared_ptr<LostSessions> lost = nullptr);

}  // namespace hwlab::store
