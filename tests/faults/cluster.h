// A PostgreSQL cluster of a test's own, which it may stop, freeze and kill.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <pqxx/pqxx>
#include <string>
#include <vector>

namespace hwlab::test {

// Reached by a unix socket only; runs as the user postgres for root. Gone with the object, and with
// the process. Used on the test's main thread: the server ends with the thread that started it.
class Cluster {
 public:
  // Made and started. A setting is "name = value". The port is that of the socket, and of TCP where
  // the settings have it listen.
  explicit Cluster(const std::vector<std::string>& settings = {}, int port = 5432);
  // A standby of a running cluster, not started.
  struct StandbyOf {
    const Cluster& primary;
    std::string name;
  };
  explicit Cluster(const StandbyOf& other, const std::vector<std::string>& settings = {});
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  // launch() does not wait; start() is launch() and await_ready().
  void launch();
  void await_ready() const;
  void start();

  enum class Stop { fast, immediate, kill };
  void stop(Stop how);
  void promote();
  void set(const std::string& setting);  // from the next start, or reload()
  void reload() const;
  void set_environment(std::vector<std::string> variables);  // NAME=VALUE, from the next start

  // Every process of the server, the postmaster first.
  [[nodiscard]] std::vector<pid_t> processes() const;
  void freeze() const;  // SIGSTOP to all of them
  void thaw() const;

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
  // As a keyword DSN, for the superuser.
  [[nodiscard]] const std::string& dsn() const noexcept { return dsn_; }
  pqxx::result run(const std::string& sql) const;
  [[nodiscard]] std::string value(const std::string& sql) const;

 private:
  void make_folder(int port);
  void write_settings(const std::vector<std::string>& settings) const;

  std::filesystem::path folder_;
  std::string dsn_;
  std::vector<std::string> environment_;
  pid_t postmaster_ = -1;
};

// Starts a program as the one who may run PostgreSQL, its output in `log`. It is interrupted
// (SIGQUIT) when this thread ends. Folders that it writes to: own_folder().
pid_t start_as_owner(const std::vector<std::string>& arguments, const std::filesystem::path& log);
// The same, until it has ended well; throws std::runtime_error with the end of its log.
void run_as_owner(const std::vector<std::string>& arguments, const std::filesystem::path& log);
// Its exit status; waits.
int wait_for_end(pid_t process);
// A new folder that belongs to whoever runs PostgreSQL.
std::filesystem::path own_folder();
std::string server_program(const std::string& name);

}  // namespace hwlab::test
