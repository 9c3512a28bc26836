// Does the library load, run beside itself, and go, whatever the server does?
#include <dlfcn.h>
#include <hwlab/calls.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>

#include "tests/support/plugin_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class Life : public PluginTest {};

TEST_F(Life, LoadFailsWithASentenceWhenTheServerIsAbsent) {
  const Environment url("HWLAB_TEST_URL", "host=/nonexistent dbname=x user=y password=canary-4711");
  auto plugin = host::Plugin::open(HWLAB_PLUGIN);
  const auto error = host_error_of([&] {
    plugin.load({.name = "t",
                 .config = "dsn: { env: HWLAB_TEST_URL }",
                 .config_origin = "t.yaml:1",
                 .log = {}});
  });
  EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE);
  EXPECT_NE(std::string(error.what()).find("cannot connect"), std::string::npos) << error.what();
  EXPECT_EQ(std::string(error.what()).find("canary"), std::string::npos);
  EXPECT_FALSE(plugin.is_loaded());
}

TEST_F(Life, LoadWaitsForNobodyWhenItIsLazy) {
  const Environment url("HWLAB_TEST_URL", "host=/nonexistent dbname=x user=y");
  const auto plugin = load("startup: lazy\n");
  const auto store = plugin.conversation_store();
  const auto start = std::chrono::steady_clock::now();
  const auto error = host_error_of([&] { (void)store.list_conversations({}, {300ms}); });
  EXPECT_EQ(error.status(), HWLAB_UNAVAILABLE);
  EXPECT_TRUE(error.retryable());
  EXPECT_GE(std::chrono::steady_clock::now() - start, 300ms);
}

TEST_F(Life, AMistakeInTheConfigurationIsToldWithItsLine) {
  const auto error = host_error_of([&] { load("pool: { max: 4, mix: 1 }\n"); });
  EXPECT_EQ(error.status(), HWLAB_CONFIG);
  EXPECT_NE(std::string(error.what()).find("test.yaml:8"), std::string::npos) << error.what();
}

// A caller of which the error has room for a few bytes of the message, as of an earlier version.
TEST(ShortError, HoldsWholeCharactersOnly) {
  void* const library = ::dlopen(HWLAB_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << ::dlerror();
  const auto& plugin = *static_cast<const hwlab_plugin*>(::dlsym(library, HWLAB_PLUGIN_SYMBOL));
  hwlab_host host{};
  host.struct_size = sizeof host;
  host.config = hwlab_text_of("[]");
  host.config_origin = hwlab_text_of("\u00e4\u20ac.yaml");  // the message begins with it
  host.register_hooks = hwlab_take_store_hooks;
  const std::vector<std::pair<std::uint32_t, std::string>> kept{
      {1, ""}, {2, ""}, {3, "\u00e4"}, {5, "\u00e4"}, {6, "\u00e4\u20ac"}, {7, "\u00e4\u20ac."}};
  for (const auto& [room, wanted] : kept) {
    hwlab_error error{};
    error.struct_size = static_cast<std::uint32_t>(offsetof(hwlab_error, message)) + room;
    void* instance = nullptr;
    ASSERT_EQ(plugin.load(&host, &instance, &error), HWLAB_CONFIG);
    EXPECT_EQ(std::string(error.message), wanted) << room;
  }
}

TEST_F(Life, TheCallTimeoutOfTheConfigurationCounts) {
  const auto plugin = load("call_timeout: 200ms\n");
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select * from conversations for update");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(host_error_of([&] {
              store.add_message({conversation, {{}, "user", "x", {}, {}}, {}});
            }).status(),
            HWLAB_TIMEOUT);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST_F(Life, TwoInstancesWorkBesideEachOther) {
  Database other_database;
  const Environment other_url("HWLAB_TEST_OTHER_URL", other_database.dsn());
  const auto first = load();
  auto second = host::Plugin::open(HWLAB_PLUGIN);
  second.load({.name = "second",
               .config = "dsn: { env: HWLAB_TEST_OTHER_URL }",
               .config_origin = "t.yaml",
               .log = {}});
  constexpr int callers = 16;
  constexpr int each = 10;
  std::atomic<int> failed = 0;
  const auto use = [&](const host::ConversationStore& store) {
    try {
      const auto conversation = store.create_conversation({}, {60s}).id;
      for (int i = 1; i <= each; ++i) {
        if (store.add_message({conversation, {{}, "user", "x", {}, {}}, {}}, {60s}).seq != i)
          ++failed;
        if (store.get_conversation({conversation, 0, 0, 0, 0}, {60s}).messages().size() !=
            static_cast<std::size_t>(i))
          ++failed;
      }
      (void)store.list_conversations({}, {60s});
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (const host::Plugin* const plugin : {&std::as_const(first), &std::as_const(second)})
      for (int i = 0; i < callers; ++i)
        threads.emplace_back([&use, store = plugin->conversation_store()] { use(store); });
  }
  EXPECT_EQ(failed, 0);
  for (const Database* const database : {&database_, &other_database})
    EXPECT_EQ(database->value("select count(*) || ' ' || sum(message_count) from conversations"),
              "16 160");
}

TEST_F(Life, UnloadLetsACallFinishWithinItsGrace) {
  auto plugin = load();
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}).id;
  pqxx::connection other(database_.dsn());
  std::optional<pqxx::work> holder(std::in_place, other);
  holder->exec("select * from conversations for update");
  std::atomic<std::int64_t> seq = 0;
  std::jthread caller([&] {
    seq = store.add_message({conversation, {{}, "user", "x", {}, {}}, {}}, {20s}).seq;
  });
  while (database_.value("select count(*) from pg_stat_activity where datname = "
                         "current_database() and wait_event_type = 'Lock'") == "0") {
  }
  std::jthread unloader([&] { plugin.unload(20s); });
  // A new call is refused while the old one goes on.
  while (true) {
    try {
      (void)store.list_conversations({}, {1s});
    } catch (const host::Error& error) {
      EXPECT_EQ(error.status(), HWLAB_STOPPED);
      break;
    }
  }
  EXPECT_EQ(seq, 0);
  holder.reset();
  caller.join();
  unloader.join();
  EXPECT_EQ(seq, 1);
}

TEST_F(Life, UnloadCutsOffWhatDoesNotFinish) {
  auto plugin = load();
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}).id;
  pqxx::connection other(database_.dsn());
  pqxx::work holder(other);
  holder.exec("select * from conversations for update");
  std::jthread caller([&] {
    const auto error = host_error_of([&] {
      store.add_message({conversation, {{}, "user", "x", {}, {}}, {}}, {60s});
    });
    EXPECT_EQ(error.status(), HWLAB_TIMEOUT);
    EXPECT_TRUE(error.maybe_applied());
  });
  while (database_.value("select count(*) from pg_stat_activity where datname = "
                         "current_database() and wait_event_type = 'Lock'") == "0") {
  }
  const auto start = std::chrono::steady_clock::now();
  plugin.unload(100ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST_F(Life, AResultOutlivesItsInstance) {
  auto plugin = load();
  std::optional<host::Thread> thread;
  {
    const auto store = plugin.conversation_store();
    const auto conversation = store.create_conversation({}).id;
    store.add_message({conversation, {{}, "user", "still here", {}, {}}, {}});
    thread = store.get_conversation({conversation, 0, 0, 0, 0});
  }
  plugin.unload();
  EXPECT_EQ(thread->messages()[0].content, "still here");
  std::jthread([held = std::move(*thread)] {}).join();
}

TEST_F(Life, AForkedChildGetsAnErrorAndDoesNotHang) {
  const auto plugin = load();
  const auto store = plugin.conversation_store();
  (void)store.list_conversations({});
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(10);
    int outcome = 1;
    try {
      (void)store.list_conversations({});
    } catch (const host::Error& error) {
      outcome = error.status() == HWLAB_STOPPED ? 0 : 2;
    }
    ::_exit(outcome);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  (void)store.list_conversations({});
}

TEST_F(Life, CyclesLeaveNoThreadsOrDescriptors) {
  const auto count = [](const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder), {});
  };
  const auto cycle = [&] {
    auto plugin = load();
    (void)plugin.conversation_store().list_conversations({});
    plugin.unload();
  };
  cycle();  // what libraries keep for ever is there now
  const auto threads = count("/proc/self/task");
  const auto descriptors = count("/proc/self/fd");
  for (int i = 0; i < 20; ++i)
    cycle();
  EXPECT_EQ(count("/proc/self/task"), threads);
  EXPECT_EQ(count("/proc/self/fd"), descriptors);
}

TEST_F(Life, AFailedLoadLeavesNothingRunning) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  load();
  const auto before = count();
  const Environment url("HWLAB_TEST_URL", "host=/nonexistent dbname=x user=y");
  EXPECT_EQ(host_error_of([&] { load(); }).status(), HWLAB_UNAVAILABLE);
  EXPECT_EQ(count(), before);
}

TEST_F(Life, TheReportNamesWhatIsThere) {
  auto plugin = load();
  const auto maintenance = plugin.maintenance();
  auto report = maintenance.report();
  const auto value = [&](const std::string& name) {
    for (const auto& check : report.checks)
      if (check.name == name)
        return check.value;
    return std::string("no such line");
  };
  EXPECT_NE(value("server").find("PostgreSQL"), std::string::npos);
  EXPECT_NE(value("schema").find("pending"), std::string::npos);
  const auto migrated = maintenance.migrate();
  EXPECT_EQ(static_cast<std::size_t>(migrated.schema_version), migrated.applied.size());
  report = maintenance.report();
  EXPECT_NE(value("schema").find("up to date"), std::string::npos);
}

TEST_F(Life, ItIgnoresAClientEncodingOfTheEnvironment) {
  const Environment encoding("PGCLIENTENCODING", "LATIN1");
  const auto plugin = load();
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}).id;
  store.add_message({conversation, {{}, "user", "\u00e4\U0001F9EA", {}, {}}, {}});
  EXPECT_EQ(store.get_conversation({conversation, 0, 0, 0, 0}).messages()[0].content,
            "\u00e4\U0001F9EA");
}

}  // namespace
}  // namespace hwlab::test
