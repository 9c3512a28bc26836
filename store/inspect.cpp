#include "store/inspect.h"

#include <chrono>
#include <string_view>

#include "store/attempts.h"
#include "store/embedded_sql.h"
#include "store/error.h"

namespace hwlab::store {
namespace {

using Level = Finding::Level;
using Clock = Deadline::Clock;

// What inspect_server.sql gives, by its columns.
struct Server {
  std::string version;
  std::string encoding;
  bool read_only;
  bool fsync;
  std::string synchronous_commit;
  std::string check_interval;  // empty before PostgreSQL 14
  std::string statement_timeout;
  std::string search_path;
  bool own_names_only;
  std::string plan_cache_mode;
  std::string role;  // as SQL spells it
  bool has_schema;
  bool may_create_schema;
  bool may_create_tables;
  int max_connections;

  explicit Server(const pqxx::result& rows)
      : version(rows[0][0].c_str()),
        encoding(rows[0][1].c_str()),
        read_only(rows[0][2].as<bool>()),
        fsync(rows[0][3].as<bool>()),
        synchronous_commit(rows[0][4].c_str()),
        check_interval(rows[0][5].c_str()),
        statement_timeout(rows[0][6].c_str()),
        search_path(rows[0][7].c_str()),
        own_names_only(rows[0][8].as<bool>()),
        plan_cache_mode(rows[0][9].c_str()),
        role(rows[0][10].c_str()),
        has_schema(rows[0][11].as<bool>()),
        may_create_schema(rows[0][12].as<bool>()),
        may_create_tables(rows[0][13].as<bool>()),
        max_connections(rows[0][14].as<int>()) {}
};

// Any session there is: an older server than we need is refused when it is connected to.
Finding version_of(const Server& server) {
  return {Level::ok, "server", "PostgreSQL " + server.version, {}};
}

Finding round_trip_of(Session& session) {
  const auto start = Clock::now();
  session.run_text("select 1");
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  return {Level::ok, "round_trip", std::to_string(took.count()) + " us", {}};
}

// Our own end of it: what the server knows of TLS is about its link to a pooler, where there is
// one.
Finding tls_of(const Route& route) {
  const std::string state = route.encrypted ? "on" : "off";
  switch (protection_of(route)) {
    case Protection::local:
      return {Level::ok, "tls", state + ", not needed within this machine", {}};
    case Protection::verified:
      return {Level::ok, "tls", state + ", the server has proved who it is", {}};
    case Protection::unverified:
      break;
  }
  return {Level::warning, "tls",
          state + ", the server is not verified (sslmode " + route.sslmode + ")", how_to_verify};
}

Finding writable(const Server& server) {
  if (server.read_only)
    return {Level::failed, "writable", "no, the session is read-only",
            "point the DSN at the primary; with several hosts add target_session_attrs=read-write"};
  return {Level::ok, "writable", "yes", {}};
}

Finding durability_of(const Server& server) {
  const std::string value = std::string("fsync ") + (server.fsync ? "on" : "off") +
                            ", synchronous_commit " + server.synchronous_commit;
  if (!server.fsync || server.synchronous_commit == "off")
    return {Level::warning, "durability", value,
            "turn both on: what was acknowledged can be lost when the server crashes"};
  return {Level::ok, "durability", value, {}};
}

// Every session asks for these settings, but a pooler does not pass that on.
std::string set_for_role(const Server& server, const std::string& setting) {
  return "alter role " + server.role + " set " + setting;
}
std::string run_on_the_server(const std::string& statements) {
  return "run '" + statements + "' on the server, and let the pooler connect anew";
}

Finding timeouts_of(const Server& server, const InspectOptions& options) {
  std::string value = "statement_timeout " + server.statement_timeout;
  std::string cure;
  if (server.statement_timeout == "0") {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(options.statement_timeout);
    cure = set_for_role(server, "statement_timeout = '" + std::to_string(whole.count()) + "s'");
  }
  if (!server.check_interval.empty())
    value += ", client_connection_check_interval " + server.check_interval;
  if (server.check_interval == "0")
    cure += (cure.empty() ? "" : "; ") +
            set_for_role(server, "client_connection_check_interval = '2s'");
  if (cure.empty())
    return {Level::ok, "server_timeouts", value, {}};
  return {Level::warning, "server_timeouts", value,
          "a statement whose caller has gone can hold its locks: " + run_on_the_server(cure)};
}

Finding search_path_of(const Server& server) {
  if (server.own_names_only)
    return {Level::ok, "search_path", server.search_path, {}};
  return {Level::warning, "search_path", server.search_path,
          "functions that others create in these schemas could be run by our statements: " +
              run_on_the_server(set_for_role(server, "search_path = pg_catalog, pg_temp"))};
}

Finding plans_of(const Server& server) {
  if (server.plan_cache_mode == "force_generic_plan")
    return {Level::ok, "plan_cache_mode", server.plan_cache_mode, {}};
  return {Level::warning, "plan_cache_mode", server.plan_cache_mode,
          "statements may be planned anew each time, which takes longer than running them: " +
              run_on_the_server(set_for_role(server, "plan_cache_mode = force_generic_plan"))};
}

Finding connections_of(const Server& server, const InspectOptions& options) {
  const std::string value = "at most " + std::to_string(options.pool_max) + " of the server's " +
                            std::to_string(server.max_connections);
  if (options.pool_max >= server.max_connections)
    return {Level::warning, "connections", value,
            "lower pool.max, or raise max_connections of the server"};
  return {Level::ok, "connections", value, {}};
}

Finding schema_of(const SchemaState& state, const InspectOptions& options) {
  const std::string version = "version " + std::to_string(state.version);
  if (state.pending.empty())
    return {Level::ok, "schema", version + ", up to date", {}};
  const std::string value =
      version + ", " + std::to_string(state.pending.size()) + " migrations pending";
  if (options.migrate == MigrateMode::automatic)
    return {Level::ok, "schema", value + " (the first call applies them)", {}};
  return {Level::failed, "schema", value,
          "run 'hwlab-host migrate' with a DSN of the schema's owner"};
}

// `may_migrate`: whether the first call would change tables.
Finding rights_of(Session& session, const Server& server, bool may_migrate,
                  const InspectOptions& options) {
  const pqxx::result rows =
      session.run_text(std::string(sql::inspect_rights), {options.schema_name});
  std::string missing = rows[0][0].c_str();
  const std::string grants = rows[0][1].c_str();
  const auto add = [&missing](const std::string& right) {
    missing += (missing.empty() ? "" : "; ") + right;
  };
  bool lacks_ddl = false;
  if (may_migrate && !server.has_schema && !server.may_create_schema) {
    add("create on the database");
    lacks_ddl = true;
  }
  if (may_migrate && !server.may_create_tables) {
    add("create on schema " + options.schema_name);
    lacks_ddl = true;
  }
  if (missing.empty())
    return {Level::ok, "rights", "role " + server.role + " has what is needed", {}};
  std::string remedy;
  if (lacks_ddl)
    remedy =
        "run 'hwlab-host migrate' with a DSN of the schema's owner and set schema.migrate: "
        "verify, or grant create";
  if (!grants.empty())
    remedy += (remedy.empty() ? "" : "; ") + ("as the owner of the schema, run '" + grants + "'");
  return {Level::failed, "rights", "role " + server.role + " lacks " + missing, remedy};
}

// What is there of the schema, and what of the rights to it.
void look_at_schema(Session& session, const Server& server, const InspectOptions& options,
                    std::vector<Finding>& findings) {
  bool may_migrate = false;
  try {
    const SchemaState state = read_schema_state(session, options.schema_name);
    findings.push_back(schema_of(state, options));
    may_migrate = options.migrate == MigrateMode::automatic && !state.pending.empty();
  } catch (const Error& error) {
    findings.push_back({Level::failed, "schema", "cannot be used as it is", error.what()});
    return;
  } catch (const StatementFailed& failure) {
    if (failure.judgement().kind != Kind::permission)
      throw;
    findings.push_back({Level::warning, "schema", "its version cannot be read", "see rights"});
  }
  findings.push_back(rights_of(session, server, may_migrate, options));
}

}  // namespace

std::vector<Finding> inspect(Pool& pool, const InspectOptions& options, Deadline deadline) {
  return repeat_until(deadline, pool, [&](Session& session) {
    const Server server(session.run_text(std::string(sql::inspect_server), {options.schema_name}));
    std::vector<Finding> findings = {version_of(server),
                                     round_trip_of(session),
                                     tls_of(session.route()),
                                     {Level::ok, "encoding", server.encoding, {}},
                                     writable(server),
                                     durability_of(server),
                                     timeouts_of(server, options),
                                     search_path_of(server),
                                     plans_of(server),
                                     connections_of(server, options)};
    look_at_schema(session, server, options, findings);
    return findings;
  });
}

}  // namespace hwlab::store
