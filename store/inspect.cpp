#include "store/inspect.h"

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
  bool tls;
  bool by_socket;
  bool read_only;
  bool fsync;
  std::string synchronous_commit;
  std::string check_interval;
  std::string statement_timeout;
  std::string role;
  bool has_schema;
  bool may_create_schema;
  bool may_use_schema;
  bool may_create_tables;
  std::string missing_rights;
  int max_connections;

  explicit Server(const pqxx::result& rows)
      : version(rows[0][0].c_str()),
        encoding(rows[0][1].c_str()),
        tls(rows[0][2].as<bool>()),
        by_socket(rows[0][3].as<bool>()),
        read_only(rows[0][4].as<bool>()),
        fsync(rows[0][5].as<bool>()),
        synchronous_commit(rows[0][6].c_str()),
        check_interval(rows[0][7].c_str()),
        statement_timeout(rows[0][8].c_str()),
        role(rows[0][9].c_str()),
        has_schema(rows[0][10].as<bool>()),
        may_create_schema(rows[0][11].as<bool>()),
        may_use_schema(rows[0][12].as<bool>()),
        may_create_tables(rows[0][13].as<bool>()),
        missing_rights(rows[0][14].c_str()),
        max_connections(rows[0][15].as<int>()) {}
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

Finding tls_of(const Server& server) {
  if (server.by_socket)
    return {Level::ok, "tls", "not needed on a unix socket", {}};
  if (server.tls)
    return {Level::ok, "tls", "on", {}};
  return {Level::warning, "tls", "off",
          "set sslmode=verify-full and sslrootcert in the DSN, unless the server is this machine"};
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

Finding timeouts_of(Session& session, const Server& server) {
  constexpr int first_with_check_interval = 14'00'00;
  const std::string value = "statement_timeout " + server.statement_timeout +
                            ", client_connection_check_interval " + server.check_interval;
  std::string missing;
  if (server.statement_timeout == "0")
    missing = "statement_timeout = '15s'";
  else if (server.check_interval == "0" && session.server_version() >= first_with_check_interval)
    missing = "client_connection_check_interval = '2s'";
  if (missing.empty())
    return {Level::ok, "server_timeouts", value, {}};
  // Every session asks for both, but a pooler does not pass that on.
  return {Level::warning, "server_timeouts", value,
          "a statement whose caller has gone can hold its locks: run 'alter role " + server.role +
              " set " + missing + "' on the server"};
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

Finding rights_of(const Server& server, const SchemaState& state, const InspectOptions& options) {
  std::string missing = server.missing_rights;
  const auto add = [&missing](const std::string& right) {
    missing += (missing.empty() ? "" : ", ") + right;
  };
  if (!server.may_use_schema)
    add("USAGE on schema " + options.schema_name);
  if (options.migrate == MigrateMode::automatic && !state.pending.empty()) {
    if (!server.has_schema && !server.may_create_schema)
      add("CREATE on the database");
    if (!server.may_create_tables)
      add("CREATE on schema " + options.schema_name);
  }
  if (missing.empty())
    return {Level::ok, "rights", "role " + server.role + " has what is needed", {}};
  return {Level::failed, "rights", "role " + server.role + " lacks " + missing,
          "grant them, or run 'hwlab-host migrate' as the owner and set schema.migrate: verify"};
}

}  // namespace

std::vector<Finding> inspect(Pool& pool, const InspectOptions& options, Deadline deadline) {
  return repeat_until(deadline, pool, [&](Session& session) {
    const Server server(session.run_text(
        std::string(sql::inspect_server),
        {options.schema_name, std::string_view("conversations"), std::string_view("messages")}));
    std::vector<Finding> findings = {version_of(server),
                                     round_trip_of(session),
                                     tls_of(server),
                                     {Level::ok, "encoding", server.encoding, {}},
                                     writable(server),
                                     durability_of(server),
                                     timeouts_of(session, server),
                                     connections_of(server, options)};
    try {
      const SchemaState state = read_schema_state(session, options.schema_name);
      findings.push_back(schema_of(state, options));
      findings.push_back(rights_of(server, state, options));
    } catch (const Error& error) {
      findings.push_back({Level::failed, "schema", "cannot be used as it is", error.what()});
    }
    return findings;
  });
}

}  // namespace hwlab::store
