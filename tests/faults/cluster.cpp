#include "tests/faults/cluster.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The process that started this one; 0 when it is gone.
pid_t parent_of(const fs::path& process) {
  std::string stat;
  std::ifstream file(process / "stat");
  std::getline(file, stat);               // fails quietly when the process ends meanwhile
  const auto name_end = stat.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos)
    return 0;
  std::istringstream rest(stat.substr(name_end + 1));
  std::string state;
  pid_t parent = 0;
  rest >> state >> parent;
  return parent;
}

void signal_all(const std::vector<pid_t>& processes, int signal) {
  for (const pid_t process : processes)
    ::kill(process, signal);
}

}  // namespace

std::string server_program(const std::string& name) {
  const char* const folder = std::getenv("HWLAB_TEST_BINDIR");
  if (folder == nullptr)
    throw std::runtime_error("HWLAB_TEST_BINDIR is not set: start the tests by tests/run");
  return (fs::path(folder) / name).string();
}

fs::path own_folder() {
  // Root's TMPDIR may be one that the user postgres cannot enter.
  std::string name = ::geteuid() == 0 ? "/tmp" : fs::temp_directory_path().string();
  name += "/hwlab-faults.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), name);
  if (::geteuid() == 0) {
    const passwd* const owner = ::getpwnam("postgres");
    if (owner == nullptr || ::chown(name.c_str(), owner->pw_uid, owner->pw_gid) != 0)
      throw std::runtime_error("there is no user postgres to give a folder to");
  }
  return name;
}

pid_t start_as_owner(const std::vector<std::string>& arguments, const fs::path& log) {
  std::vector<std::string> words = {"setpriv", "--pdeathsig", "QUIT"};
  if (::geteuid() == 0)
    words.insert(words.end(),
                 {"--reuid=postgres", "--regid=postgres", "--init-groups", "--reset-env"});
  words.insert(words.end(), {"env", "LC_ALL=C.UTF-8"});
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  // A terminal's interrupt is for the tests; servers end with them.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t process = -1;
  const int failed = ::posix_spawnp(&process, argv[0], &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0)
    throw std::system_error(failed, std::generic_category(), arguments[0]);
  return process;
}

int wait_for_end(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void run_as_owner(const std::vector<std::string>& arguments, const fs::path& log) {
  if (const int status = wait_for_end(start_as_owner(arguments, log)); status != 0) {
    const std::string text = text_of(log);
    throw std::runtime_error(arguments[0] + " ended with " + std::to_string(status) + ": " +
                             text.substr(text.size() - std::min<std::size_t>(text.size(), 2000)));
  }
}

void Cluster::make_folder(int port) {
  folder_ = own_folder();
  dsn_ = "host=" + folder_.string() + " port=" + std::to_string(port) +
         " user=postgres dbname=postgres";
}

Cluster::Cluster(const std::vector<std::string>& settings, int port) {
  make_folder(port);
  run_as_owner({server_program("initdb"), "-D", data(), "--username=postgres", "--no-sync",
                "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"},
               folder_ / "log");
  write_settings(settings);
  set("port = " + std::to_string(port));
  start();
}

Cluster::Cluster(const StandbyOf& other, const std::vector<std::string>& settings) {
  make_folder(5432);
  run_as_owner({server_program("pg_basebackup"), "--dbname",
                other.primary.dsn() + " application_name=" + other.name, "--pgdata", data(),
                "--checkpoint=fast", "--no-sync", "--write-recovery-conf"},
               folder_ / "log");
  write_settings(settings);
}

Cluster::~Cluster() {
  thaw();
  try {
    stop(Stop::immediate);
  } catch (const std::exception&) {
    // It is not there.
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Cluster::write_settings(const std::vector<std::string>& settings) const {
  std::ofstream file(data() / "postgresql.conf", std::ios::app);
  file << "listen_addresses = ''\nunix_socket_directories = '" << folder_.string()
       << "'\ndynamic_shared_memory_type = mmap\nshared_buffers = 32MB\nmax_connections = 100\n";
  for (const std::string& setting : settings)
    file << setting << '\n';
}

void Cluster::set(const std::string& setting) {
  std::ofstream(data() / "postgresql.conf", std::ios::app) << setting << '\n';
}

void Cluster::reload() const {
  ::kill(postmaster_, SIGHUP);
}

void Cluster::set_environment(std::vector<std::string> variables) {
  environment_ = std::move(variables);
}

void Cluster::launch() {
  std::vector<std::string> words = {"env"};
  words.insert(words.end(), environment_.begin(), environment_.end());
  words.insert(words.end(), {server_program("postgres"), "-D", data()});
  postmaster_ = start_as_owner(words, folder_ / "log");
}

void Cluster::await_ready() const {
  for (const auto deadline = std::chrono::steady_clock::now() + 60s;;) {
    try {
      pqxx::connection connection(dsn_);
      return;
    } catch (const pqxx::broken_connection& error) {
      int status = 0;
      if (::waitpid(postmaster_, &status, WNOHANG) == postmaster_ ||
          std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("the test's server does not start: " + text_of(folder_ / "log"));
    }
    std::this_thread::sleep_for(2ms);
  }
}

void Cluster::start() {
  launch();
  await_ready();
}

void Cluster::stop(Stop how) {
  if (postmaster_ < 0)
    return;
  const std::vector<pid_t> all = processes();
  if (how == Stop::kill)
    signal_all(all, SIGKILL);
  else
    ::kill(postmaster_, how == Stop::fast ? SIGINT : SIGQUIT);
  wait_for_end(std::exchange(postmaster_, -1));
}

void Cluster::promote() {
  run_as_owner({server_program("pg_ctl"), "promote", "-D", data()}, folder_ / "log");
}

std::vector<pid_t> Cluster::processes() const {
  std::vector<pid_t> found;
  if (postmaster_ < 0)
    return found;
  found.push_back(postmaster_);
  for (const auto& entry : fs::directory_iterator("/proc"))
    if (const auto name = entry.path().filename().string();
        name.find_first_not_of("0123456789") == std::string::npos &&
        parent_of(entry.path()) == postmaster_)
      found.push_back(static_cast<pid_t>(std::stol(name)));
  return found;
}

void Cluster::freeze() const {
  signal_all(processes(), SIGSTOP);
  signal_all(processes(), SIGSTOP);  // those that were born meanwhile
}

void Cluster::thaw() const {
  signal_all(processes(), SIGCONT);
}

pqxx::result Cluster::run(const std::string& sql) const {
  pqxx::connection connection(dsn_);
  pqxx::nontransaction transaction(connection);
  return transaction.exec(sql);
}

std::string Cluster::value(const std::string& sql) const {
  const pqxx::result rows = run(sql);
  return rows.empty() ? std::string() : std::string(rows[0][0].c_str());
}

}  // namespace hwlab::test
