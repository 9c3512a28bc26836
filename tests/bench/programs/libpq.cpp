// What the server and its own library give when nothing stands between.
//
//   bench_libpq append --dsn DSN [...]                 a prepared INSERT a call
//   bench_libpq batch --dsn DSN --statement FILE       our own statement for many messages, 256
//   rows
//                                                      a call; a caller has a connection and
//                                                      conversations of its own
//   bench_libpq rows --dsn DSN --query SQL             every row and column of a query, --argument
//   for $1
#include <libpq-fe.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/bench/programs/batch_parameters.h"
#include "tests/bench/programs/load.h"

using namespace hwlab::bench;

namespace {

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;

class Connection {
 public:
  Connection(const Load& load, const std::string& sql) : raw_(PQconnectdb(load.dsn.c_str())) {
    if (PQstatus(raw_) != CONNECTION_OK)
      throw std::runtime_error(PQerrorMessage(raw_));
    checked(Result(PQprepare(raw_, "statement", sql.c_str(), 0, nullptr)));
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { PQfinish(raw_); }

  Result run(const std::vector<const char*>& values) {
    return checked(Result(PQexecPrepared(raw_, "statement", static_cast<int>(values.size()),
                                         values.data(), nullptr, nullptr, 0)));
  }
  Result run(const hwlab::store::Arrays& arrays) {
    std::vector<const char*> values;
    std::vector<int> sizes;
    for (const auto& array : arrays) {
      values.push_back(array.bytes.data());
      sizes.push_back(static_cast<int>(array.bytes.size()));
    }
    const std::vector<int> binary(arrays.size(), 1);
    return checked(Result(PQexecPrepared(raw_, "statement", static_cast<int>(values.size()),
                                         values.data(), sizes.data(), binary.data(), 0)));
  }

 private:
  Result checked(Result result) {
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQerrorMessage(raw_));
    return result;
  }

  PGconn* raw_;
};

class Connections : public Shared<Connection> {
 public:
  Connections(const Load& load, const std::string& sql)
      : Shared(load.connections, [&] { return std::make_unique<Connection>(load, sql); }) {}
};

void append(const Load& load) {
  Connections connections(load,
                          "insert into " + load.schema +
                              ".messages (conversation_id, role, content) values ($1, $2, $3)");
  const std::string content = message_content();
  measure(load, [&](int number) {
    return [&, random = Random(number, load.conversations)]() mutable {
      connections.with([&](Connection& connection) {
        connection.run({conversation_id(random()).c_str(), "user", content.c_str()});
      });
    };
  });
}

std::string read_statement(const std::string& file, const std::string& schema) {
  std::ifstream in(file);
  std::string sql((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (sql.empty())
    throw std::runtime_error("no statement in " + file);
  const std::string mark = "{schema}";
  for (auto at = sql.find(mark); at != std::string::npos; at = sql.find(mark, at))
    sql.replace(at, mark.size(), schema);
  return sql;
}

constexpr int rows_in_batch = 256;

void append_batches(const Load& load, const std::string& file) {
  const std::string sql = read_statement(file, load.schema);
  measure(
      load,
      [&](int number) {
        return [connection = std::make_shared<Connection>(load, sql),
                batch = BatchParameters(number, load.callers, load.conversations,
                                        rows_in_batch)]() mutable {
          const Result result = connection->run(batch.next());
          if (PQntuples(result.get()) != rows_in_batch)
            throw std::runtime_error("a batch was not stored whole");
        };
      },
      rows_in_batch);
}

// Sizes are summed up, so that each value is at least looked at.
std::size_t touch(const PGresult* result) {
  std::size_t bytes = 0;
  for (int row = 0; row < PQntuples(result); ++row)
    for (int column = 0; column < PQnfields(result); ++column)
      bytes += PQgetisnull(result, row, column) != 0
                   ? 0
                   : static_cast<std::size_t>(PQgetlength(result, row, column));
  return bytes;
}

void read_rows(const Load& load, const std::string& query, const std::vector<std::string>& texts) {
  Connections connections(load, query);
  std::vector<const char*> values;
  for (const std::string& text : texts)
    values.push_back(text.c_str());
  const auto read = [&] {
    return connections.with([&](Connection& connection) { return connection.run(values); });
  };
  const int size = PQntuples(read().get());
  measure(
      load,
      [&](int) {
        return [&] {
          if (touch(read().get()) == 0)
            throw std::runtime_error("the query found nothing");
        };
      },
      size);
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  std::string statement;
  std::string query;
  std::vector<std::string> arguments;
  CLI::App app;
  add_options(app, load);
  app.add_option("--statement", statement);
  app.add_option("--query", query);
  app.add_option("--argument", arguments);
  const CLI::App* const appending = app.add_subcommand("append")->fallthrough();
  const CLI::App* const batches = app.add_subcommand("batch")->fallthrough();
  app.add_subcommand("rows")->fallthrough();
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  try {
    if (appending->parsed())
      append(load);
    else if (batches->parsed())
      append_batches(load, statement);
    else
      read_rows(load, query, arguments);
  } catch (const std::exception& error) {
    std::cerr << "bench_libpq: " << error.what() << '\n';
    return 1;
  }
}
