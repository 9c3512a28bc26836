// What else may live in the process of a plugin: other plugins, other instances of it, and a host
// that uses the same libraries for itself.
#include <gmock/gmock.h>
#include <libpq-fe.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <clocale>
#include <csignal>
#include <sstream>
#include <thread>

#include "tests/support/plugin_fixture.h"

namespace hwlab::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Processes : public PluginTest {
 protected:
  host::Plugin load_memory(const std::string& version) {
    auto plugin = host::Plugin::open(LIBRARIES "/memory_plugin_of_" + version + ".so");
    plugin.load({.name = "processes_test", .config = {}, .config_origin = {}, .log = {}});
    return plugin;
  }
};

// Adds messages with texts of its own to a conversation of its own, and finds just them.
void keep(const host::ConversationStore& store, const std::string& word, int count) {
  const auto id = store.create_conversation({.model = word}).id;
  for (int i = 0; i < count; ++i) {
    const auto text = word + std::to_string(i);
    EXPECT_EQ(store.add_message({.conversation_id = id, .message = {{}, "user", text}}).seq, i + 1);
  }
  const auto thread = store.get_conversation({.id = id});
  ASSERT_EQ(thread.messages().size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    EXPECT_EQ(thread.messages()[static_cast<std::size_t>(i)].content, word + std::to_string(i));
}

// Each on a thread of its own.
void keep_at_once(const std::vector<host::ConversationStore>& stores, int count) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < stores.size(); ++i)
    threads.emplace_back([&, i] { keep(stores[i], "w" + std::to_string(i) + "-", count); });
  for (auto& thread : threads)
    thread.join();
}

TEST_F(Processes, HoldsPluginsOfDifferentVersions) {
  auto ours = load();
  auto earlier = load_memory("0.1");
  auto later = load_memory("grown");
  EXPECT_LT(earlier.abi_minor(), later.abi_minor());
  EXPECT_NE(ours.name(), later.name());
  keep_at_once({ours.conversation_store(), earlier.conversation_store(), later.conversation_store(),
                ours.conversation_store()},
               20);
  later.unload();
  keep_at_once({ours.conversation_store(), earlier.conversation_store()}, 5);
  ours.unload();
  keep_at_once({earlier.conversation_store()}, 5);
  EXPECT_EQ(database_.value("select count(*) from messages"), "45") << "of ours alone";
}

TEST_F(Processes, HoldsInstancesWithDatabasesAndSchemasOfTheirOwn) {
  const Database other;
  const Environment other_url("HWLAB_TEST_OTHER_URL", other.dsn());
  database_.run("create schema elsewhere");
  auto first = load();
  auto second = host::Plugin::open(HWLAB_PLUGIN);
  second.load({.name = "processes_test",
               .config = "dsn: { env: HWLAB_TEST_OTHER_URL }\n",
               .config_origin = "other.yaml:1",
               .log = {}});
  auto third = load("schema: { name: elsewhere }\n");
  keep_at_once({first.conversation_store(), second.conversation_store(), third.conversation_store(),
                second.conversation_store()},
               10);
  EXPECT_EQ(first.conversation_store().list_conversations().conversations().size(), 1U);
  EXPECT_EQ(second.conversation_store().list_conversations().conversations().size(), 2U);
  EXPECT_EQ(third.conversation_store().list_conversations().conversations().size(), 1U);
  EXPECT_EQ(database_.value("select count(*) from public.messages"), "10");
  EXPECT_EQ(database_.value("select count(*) from elsewhere.messages"), "10");
  EXPECT_EQ(other.value("select count(*) from messages"), "20");
  first.unload();
  keep_at_once({second.conversation_store(), third.conversation_store()}, 3);
}

// A host's own use of the plugin's libraries.
class HostsOwn {
 public:
  explicit HostsOwn(std::string dsn) : dsn_(std::move(dsn)) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(logged_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("hosts_own", std::move(sink)));
    spdlog::set_pattern("<%v>");
    spdlog::set_level(spdlog::level::warn);
  }
  HostsOwn(const HostsOwn&) = delete;
  HostsOwn& operator=(const HostsOwn&) = delete;
  ~HostsOwn() { spdlog::shutdown(); }

  void use() const {
    pqxx::connection connection(dsn_);
    pqxx::work work(connection);
    EXPECT_EQ(work.exec("select 6 * 7").at(0).at(0).as<int>(), 42);

    const std::unique_ptr<PGconn, decltype(&PQfinish)> raw(PQconnectdb(dsn_.c_str()), PQfinish);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(raw.get(), "select 'raw'"),
                                                               PQclear);
    EXPECT_STREQ(PQgetvalue(result.get(), 0, 0), "raw") << PQerrorMessage(raw.get());

    YAML::Node node = YAML::Load("{ a: [1, 2, 3] }");
    node["b"] = "more";
    EXPECT_EQ(node["a"][2].as<int>(), 3);
    EXPECT_EQ(YAML::Load(YAML::Dump(node))["b"].as<std::string>(), "more");
    EXPECT_THROW(YAML::Load("{ a: ["), YAML::ParserException);

    spdlog::info("too low");
    spdlog::warn("of the {}", "host");
  }
  // Everything that went through the host's logger.
  [[nodiscard]] std::string logged() const { return logged_.str(); }

 private:
  std::string dsn_;
  std::ostringstream logged_;
};

int count_loggers() {
  int count = 0;
  spdlog::apply_all([&](const std::shared_ptr<spdlog::logger>&) { ++count; });
  return count;
}

TEST_F(Processes, HoldsAHostThatUsesTheSameLibraries) {
  const Database own;
  const HostsOwn host(own.dsn());
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  host.use();
  const int own_loggers = count_loggers();  // newer versions keep a replaced default one
  {
    auto plugin = load("log_level: trace\n");
    EXPECT_EQ(count_loggers(), own_loggers);
    std::array<std::thread, 2> threads;
    for (auto& thread : threads)
      thread = std::thread([&] {
        for (int i = 0; i < 10; ++i)
          host.use();
      });
    keep_at_once({plugin.conversation_store(), plugin.conversation_store()}, 20);
    for (auto& thread : threads)
      thread.join();
    plugin.unload();
  }
  host.use();
  EXPECT_THAT(log_.text(), HasSubstr("migration"));
  EXPECT_THAT(log_.text(), Not(HasSubstr("<"))) << "the host's pattern";
  const std::string line = "<of the host>\n";
  std::string expected;
  for (int i = 0; i < 22; ++i)
    expected += line;
  EXPECT_EQ(host.logged(), expected);
  EXPECT_EQ(std::setlocale(LC_ALL, nullptr), locale);
  struct sigaction pipes {};
  ::sigaction(SIGPIPE, nullptr, &pipes);
  EXPECT_EQ(pipes.sa_handler, SIG_DFL);
}

TEST_F(Processes, HoldsAHostThatShutsItsLoggersDownFirst) {
  auto plugin = host::Plugin::open(HWLAB_PLUGIN);
  {
    const HostsOwn host(database_.dsn());
    plugin = load("log_level: trace\n");
    host.use();
  }
  ASSERT_EQ(count_loggers(), 0);
  keep(plugin.conversation_store(), "word", 3);
  EXPECT_THAT(log_.text(), HasSubstr("migration")) << "which the first call makes";
  plugin.unload();
}

#ifdef CLASHING_HOST
struct Ended {
  int code;
  std::string said;
};

Ended run_clashing_host(const std::string& mode) {
  // In brackets, so that a signal becomes a status of the shell.
  const std::string command =
      "( ulimit -c 0; " CLASHING_HOST " " + mode + " " HWLAB_PLUGIN " ) 2>&1";
  Ended ended{.code = -1, .said = {}};
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    ended.said.append(buffer.data(), got);
  ended.code = WEXITSTATUS(::pclose(pipe));
  return ended;
}

TEST_F(Processes, HoldsAHostThatExportsOtherVersionsOfTheSameLibraries) {
  const auto ended = run_clashing_host("deepbind");
  EXPECT_EQ(ended.code, 0) << ended.said;
  EXPECT_EQ(database_.value("select count(*) from messages"), "1");
}

TEST_F(Processes, ProvesThatSuchAHostBreaksAPluginThatIsOpenedAsUsual) {
  const auto ended = run_clashing_host("usual");
  EXPECT_EQ(ended.code, 128 + SIGABRT);
  EXPECT_THAT(ended.said, HasSubstr("the host's "));
}
#endif

}  // namespace
}  // namespace hwlab::test
