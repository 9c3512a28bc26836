// The plain way in C++: libpqxx, one prepared statement a call, one round trip.
//
//   bench_libpqxx append|thread --dsn DSN [...]
#include <CLI/CLI.hpp>
#include <pqxx/pqxx>
#include <string>

#include "tests/bench/programs/load.h"

using namespace hwlab::bench;

namespace {

template <typename... Values>
pqxx::result run(pqxx::transaction_base& transaction, const Values&... values) {
#if PQXX_VERSION_MAJOR < 7
  return transaction.exec_prepared("statement", values...);
#else
  return transaction.exec(pqxx::prepped{"statement"}, pqxx::params{values...});
#endif
}

class Connections : public Shared<pqxx::connection> {
 public:
  Connections(const Load& load, const std::string& sql)
      : Shared(load.connections, [&] {
          auto connection = std::make_unique<pqxx::connection>(load.dsn);
          connection->prepare("statement", sql);
          return connection;
        }) {}
};

void append(const Load& load) {
  Connections connections(load,
                          "insert into " + load.schema +
                              ".messages (conversation_id, role, content) values ($1, $2, $3)");
  const std::string content = message_content();
  measure(load, [&](int number) {
    return [&, random = Random(number, load.conversations)]() mutable {
      connections.with([&](pqxx::connection& connection) {
        pqxx::nontransaction transaction(connection);
        run(transaction, conversation_id(random()), "user", content);
      });
    };
  });
}

struct Message {
  std::string id;
  std::int64_t seq = 0;
  std::string role;
  std::string content;
  std::string created_at;
};

std::vector<Message> read_thread(pqxx::connection& connection, const std::string& conversation) {
  pqxx::nontransaction transaction(connection);
  const pqxx::result rows = run(transaction, conversation);
  std::vector<Message> messages;
  messages.reserve(static_cast<std::size_t>(rows.size()));
  for (const auto& row : rows)
    messages.push_back({row[0].c_str(), row[1].as<std::int64_t>(), row[2].c_str(), row[3].c_str(),
                        row[5].c_str()});
  return messages;
}

void read_threads(const Load& load, const std::string& conversation) {
  Connections connections(load, "select id, seq, role, content, metadata, created_at from " +
                                    load.schema +
                                    ".messages where conversation_id = $1 order by seq");
  const auto read = [&] {
    return connections.with(
        [&](pqxx::connection& connection) { return read_thread(connection, conversation); });
  };
  const auto size = static_cast<int>(read().size());
  measure(
      load,
      [&](int) {
        return [&] {
          if (read().empty())
            throw std::runtime_error("the thread is empty");
        };
      },
      size);
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  std::string conversation;
  CLI::App app;
  add_options(app, load);
  app.add_option("--conversation", conversation);
  const CLI::App* const appending = app.add_subcommand("append")->fallthrough();
  app.add_subcommand("thread")->fallthrough();
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  try {
    appending->parsed() ? append(load) : read_threads(load, conversation);
  } catch (const std::exception& error) {
    std::cerr << "bench_libpqxx: " << error.what() << '\n';
    return 1;
  }
}
