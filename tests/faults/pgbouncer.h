// Debian's PgBouncer in transaction mode, before a cluster of a test's own.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/faults/cluster.h"

namespace hwlab::test {

// Started, but perhaps not ready yet. Everybody is the user postgres at the server.
class PgBouncer {
 public:
  explicit PgBouncer(const Cluster& cluster) : folder_(own_folder()) {
    std::ofstream(folder_ / "users") << "\"postgres\" \"\"\n";
    std::ofstream(folder_ / "pgbouncer.ini")
        << "[databases]\npostgres = host=" << cluster.folder().string()
        << " port=5432 user=postgres\n[pgbouncer]\npool_mode = transaction\nlisten_addr =\n"
        << "unix_socket_dir = " << folder_.string() << "\nlisten_port = 6432\nauth_type = any\n"
        << "auth_file = " << (folder_ / "users").string()
        << "\ndefault_pool_size = 3\nserver_reset_query =\nserver_check_delay = 0\n"
        << "server_login_retry = 1\n";
    start();
  }
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;
  ~PgBouncer() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void start() {
    process_ = start_as_owner({"/usr/sbin/pgbouncer", "--quiet", folder_ / "pgbouncer.ini"},
                              folder_ / "log");
  }
  void stop() {
    ::kill(process_, SIGQUIT);  // at once
    wait_for_end(process_);
  }
  [[nodiscard]] std::string dsn() const {
    return "host=" + folder_.string() + " port=6432 user=postgres dbname=postgres";
  }

 private:
  std::filesystem::path folder_;
  pid_t process_ = -1;
};

}  // namespace hwlab::test
