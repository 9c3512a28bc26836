// The server of the plugins that are broken on purpose, as far as they need one: it greets, and
// answers a byte with a byte. What is kept is kept in the plugin; here is something that can be
// stalled.
#pragma once

#include <chrono>
#include <string>

namespace hwlab::broken {

enum class Asked {
  answered,
  unreachable,  // nothing was sent
  silent,       // it was sent, and not answered in time
};

// One connection, one question. `dsn`: "host=ADDRESS port=N ...", where hostaddr takes the place of
// host. `stop` is a descriptor that ends the waiting once it can be read.
[[nodiscard]] Asked ask_server(const std::string& dsn, std::chrono::steady_clock::time_point until,
                               int stop);

}  // namespace hwlab::broken
