// A process that connects and asks the least there is to ask:
//
//   bench_first_libpq DSN
//
// Prints how many seconds it took from the start of main(), as soon as it has the result.
#include <libpq-fe.h>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  const auto started = Clock::now();
  if (argc != 2)
    return 64;
  PGconn* const connection = PQconnectdb(argv[1]);
  PGresult* const result = PQexec(connection, "select 1");
  if (PQresultStatus(result) != PGRES_TUPLES_OK) {
    std::fprintf(stderr, "bench_first_libpq: %s", PQerrorMessage(connection));
    return 1;
  }
  std::printf("%.6f\n", std::chrono::duration<double>(Clock::now() - started).count());
  std::fflush(stdout);
  PQclear(result);
  PQfinish(connection);
}
