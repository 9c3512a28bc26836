// How much memory a process holds that uses the loaded library, in KiB, as JSON:
//
//   bench_memory growth PLUGIN DSN SCHEMA FEW MANY           after the first call, after so many
//   appends, after more bench_memory waiting PLUGIN DSN SCHEMA CALLERS           with so many
//   appends waiting for a locked table bench_memory thread PLUGIN DSN SCHEMA CONVERSATION while a
//   large thread is read and held
#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <hwlab/plugin_host.hpp>
#include <iostream>
#include <latch>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/programs/load.h"

using namespace hwlab::bench;
using nlohmann::json;

namespace {

// A line of /proc/self/status: VmRSS is what is resident, VmHWM the most that it ever was.
long status_kib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":"))
      return std::stol(line.substr(name.size() + 1));
  throw std::runtime_error("/proc/self/status has no " + name);
}

long resident() {
  return status_kib("VmRSS");
}

void add(const hwlab::host::ConversationStore& store, Random& random) {
  static const std::string content = message_content();
  store.add_message({conversation_id(random()), {{}, "user", content, {}, {}}, {}});
}

json growth(const hwlab::host::ConversationStore& store, long few, long many) {
  constexpr int callers = 64;
  std::atomic<long> next{0};
  const auto append_until = [&](long count) {
    std::vector<std::jthread> threads;
    for (int caller = 0; caller < callers; ++caller)
      threads.emplace_back([&, count, random = Random(caller, 1000)]() mutable {
        while (next.fetch_add(1) < count)
          add(store, random);
      });
    threads.clear();
    next = count;
    return resident();
  };
  json result = {{"rss_idle_kib", resident()}, {"few_appends", few}, {"many_appends", many}};
  result["rss_after_few_kib"] = append_until(few);
  result["rss_after_many_kib"] = append_until(many);
  return result;
}

// Nobody else can use the table as long as it lives.
class TableLock {
 public:
  TableLock(const std::string& dsn, const std::string& table)
      : connection_(PQconnectdb(dsn.c_str())) {
    PGresult* const result =
        PQexec(connection_, ("begin; lock table " + table + " in access exclusive mode").c_str());
    const bool locked = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!locked)
      throw std::runtime_error(PQerrorMessage(connection_));
  }
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;
  ~TableLock() { PQfinish(connection_); }

 private:
  PGconn* connection_;
};

json waiting(const hwlab::host::ConversationStore& store, int callers, const std::string& dsn,
             const std::string& table) {
  json result = {{"callers", callers}, {"rss_before_kib", resident()}};
  std::latch go(1);
  std::atomic<int> started{0};
  const auto await_all = [&] {
    while (started < callers)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::seconds(1));  // let each come to rest
    started = 0;
  };
  std::vector<std::jthread> threads;
  {
    const TableLock lock(dsn, table);
    for (int caller = 0; caller < callers; ++caller)
      threads.emplace_back([&, random = Random(caller, 1000)]() mutable {
        ++started;
        go.wait();
        ++started;
        add(store, random);
      });
    await_all();
    result["rss_threads_kib"] = resident();
    go.count_down();
    await_all();
    result["rss_waiting_kib"] = resident();
  }
  const auto unlocked = std::chrono::steady_clock::now();
  threads.clear();
  result["drained_s"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - unlocked).count();
  result["rss_after_kib"] = resident();
  return result;
}

json read_thread(const hwlab::host::ConversationStore& store, const std::string& conversation) {
  json result = {{"rss_before_kib", resident()}};
  std::ofstream("/proc/self/clear_refs") << 5;  // VmHWM begins anew
  {
    const auto thread = store.get_conversation({.id = conversation});
    std::size_t bytes = 0;
    for (const auto& message : thread.messages())
      bytes += message.content.size();
    result["content_kib"] = bytes / 1024;
    result["rss_held_kib"] = resident();
  }
  result["rss_peak_kib"] = status_kib("VmHWM");
  result["rss_after_kib"] = resident();
  return result;
}

json measure_memory(const std::vector<std::string>& arguments) {
  const std::string& what = arguments.at(0);
  const std::string& dsn = arguments.at(2);
  const std::string& schema = arguments.at(3);
  ::setenv("HWLAB_DATABASE_URL", dsn.c_str(), 1);
  auto plugin = hwlab::host::Plugin::open(arguments.at(1));
  plugin.load({"bench", "schema: { name: " + schema +
                            " }\ncall_timeout: 10m\nappend: { max_waiting: 20000 }\n"});
  const auto store = plugin.conversation_store();
  static_cast<void>(store.list_conversations());
  if (what == "growth")
    return growth(store, std::stol(arguments.at(4)), std::stol(arguments.at(5)));
  if (what == "waiting")
    return waiting(store, std::stoi(arguments.at(4)), dsn, schema + ".messages");
  return read_thread(store, arguments.at(4));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::cout << measure_memory({argv + 1, argv + argc}) << '\n';
  } catch (const std::exception& error) {
    std::cerr << "bench_memory: " << error.what() << '\n';
    return 1;
  }
}
