// Does the recipe of docs/security.md give the daemon's role what it needs, and nothing else?
#include <nlohmann/json.hpp>

#include "tests/faults/cluster.h"
#include "tests/support/host_program.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class Roles : public HostProgram {
 protected:
  Roles() {
    // The files as they stand, by the program that the page says.
    run_sql("examples/roles.sql", cluster_.dsn());
    {
      const Environment url("HWLAB_TEST_URL", dsn("hwlab_owner"));
      const Ended migrated = run("migrate");
      EXPECT_EQ(migrated.code, 0) << migrated.err;
    }
    run_sql("examples/grants.sql", dsn("hwlab_owner"));
    write_config("      schema: { migrate: verify }\n");
  }

  [[nodiscard]] std::string dsn(const std::string& role) const {
    return "host=" + cluster_.folder().string() + " port=5432 dbname=hwlab user=" + role;
  }
  void run_sql(const std::string& file, const std::string& dsn) const {
    const std::filesystem::path source = std::filesystem::path(HWLAB_SOURCE_DIR) / file;
    // The server's user need not be able to enter the source folder.
    const std::filesystem::path copy = cluster_.folder() / source.filename();
    std::filesystem::copy_file(source, copy);
    std::filesystem::permissions(copy, std::filesystem::perms(0644));
    run_as_owner({"psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file", copy.string(), dsn},
                 cluster_.folder() / "log");
  }
  void run_as(const std::string& role, const std::string& sql) const {
    pqxx::connection connection(dsn(role));
    pqxx::nontransaction(connection).exec(sql);
  }

  // Every hook, and every way to store: one message, several, a repetition, an expected seq.
  void use_everything() {
    const auto plugin = load("schema: { migrate: verify }\n");
    const auto store = plugin.conversation_store();
    const auto id = store.create_conversation({.model = "llama3"}, {20s}).id;
    EXPECT_TRUE(store.create_conversation({.id = id, .model = "llama3"}, {20s}).existed);
    const auto message = store.add_message({id, {{}, "user", "x", {}, {}}, {}}, {20s});
    EXPECT_TRUE(store.add_message({id, {message.id, "user", "x", {}, {}}, {}}, {20s}).existed);
    store.append_messages({id, {{{}, "user", "y", {}, {}}, {{}, "assistant", "z", {}, {}}}, 1},
                          {20s});
    EXPECT_EQ(store.get_conversation({id, 0, 0, 0, 0}, {20s}).messages().size(), 3U);
    EXPECT_EQ(store.get_conversation({id, 0, 0, 2, 0}, {20s}).messages().size(), 2U);
    EXPECT_FALSE(store.list_conversations({}, {20s}).conversations().empty());
    plugin.maintenance().repair({20s});
  }

  struct Rights {
    int code;
    std::string level;
    std::string remedy;
  };
  Rights check() {
    const Ended ended = run("check --json");
    Rights rights{.code = ended.code, .level = {}, .remedy = {}};
    const auto report = nlohmann::json::parse(ended.out);
    for (const auto& line : report.at("checks"))
      if (line.at("name") == "rights") {
        rights.level = line.at("level");
        rights.remedy = line.at("remedy").is_string() ? line.at("remedy") : "";
      }
    return rights;
  }

  Cluster cluster_{{"fsync = off"}};
  Environment app_{"HWLAB_TEST_URL", dsn("hwlab_app")};
};

TEST_F(Roles, OfTheRecipeServeEveryHook) {
  use_everything();
  for (const char* const command : {"check", "new", "list", "repair", "list --json", "migrate"}) {
    const Ended ended = run(command);
    EXPECT_EQ(ended.code, 0) << command << ": " << ended.err;
  }
  EXPECT_EQ(check().level, "ok");
}

TEST_F(Roles, OfTheRecipeCannotChangeWhatWasSaidNorTheTables) {
  use_everything();
  for (const char* const statement :
       {"update public.messages set content = ''", "update public.messages set role = 'system'",
        "update public.messages set conversation_id = gen_random_uuid()",
        "update public.conversations set id = gen_random_uuid()", "delete from public.messages",
        "delete from public.conversations", "truncate public.messages",
        "create table public.planted ()", "create temporary table planted ()",
        "create schema planted", "alter table public.messages disable trigger all",
        "drop table public.messages", "update public.hwlab_schema_migrations set sha256 = ''",

        "create function public.floor(numeric) returns numeric language sql as 'select 0'"}) {
    try {
      run_as("hwlab_app", statement);
      ADD_FAILURE() << statement;
    } catch (const pqxx::insufficient_privilege&) {
      // As it should be.
    }
  }
}

// Each right is needed; and where it is missing, the call says where to look, and check what to
// run.
TEST_F(Roles, OfTheRecipeHaveNoRightTooMany) {
  for (const std::string right :
       {"usage on schema public", "select on public.conversations", "select on public.messages",
        "insert on public.conversations", "insert on public.messages",
        "update (last_seq) on public.conversations",
        "update (message_count) on public.conversations",
        "update (active_at) on public.conversations",
        "update (active_hour) on public.conversations", "update (seq) on public.messages",
        "select on public.hwlab_schema_migrations"}) {
    run_as("hwlab_owner", "revoke " + right + " from hwlab_app");
    const host::Error error = host_error_of([&] { use_everything(); });
    EXPECT_EQ(error.status(), HWLAB_PERMISSION) << right << ": " << error.what();
    EXPECT_NE(std::string(error.what()).find("hwlab-host check"), std::string::npos)
        << right << ": " << error.what();

    const Rights missing = check();
    EXPECT_EQ(missing.code, 77) << right;
    EXPECT_EQ(missing.level, "failed") << right;
    const auto begin = missing.remedy.find('\'') + 1;
    const std::string grant = missing.remedy.substr(begin, missing.remedy.rfind('\'') - begin);
    EXPECT_EQ(grant.find(';'), std::string::npos) << right << ": " << grant;
    run_as("hwlab_owner", grant);
    EXPECT_EQ(check().level, "ok") << right;
  }
  use_everything();
}

TEST_F(Roles, OfTheDaemonAreNotToMigrate) {
  run_as("hwlab_owner", "delete from public.hwlab_schema_migrations where version > 1");
  const Ended verify = run("list");
  EXPECT_EQ(verify.code, 78) << verify.err;
  EXPECT_NE(verify.err.find("run 'hwlab-host migrate' with a DSN of the schema's owner"),
            std::string::npos)
      << verify.err;
  EXPECT_EQ(run("check").code, 78);
  write_config("");
  const Ended automatic = run("list");
  EXPECT_EQ(automatic.code, 77) << automatic.err;
  EXPECT_NE(automatic.err.find("hwlab-host migrate"), std::string::npos) << automatic.err;
  EXPECT_EQ(run("check").code, 77);
}

}  // namespace
}  // namespace hwlab::test
