// A process that does nothing but get its first result through the loaded library:
//
//   bench_first_ours PLUGIN DSN SCHEMA
//
// Prints how many seconds it took from the start of main(), as soon as it has the result.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <hwlab/plugin_host.hpp>
#include <string>

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  const auto started = Clock::now();
  if (argc != 4)
    return 64;
  try {
    ::setenv("HWLAB_DATABASE_URL", argv[2], 1);
    auto plugin = hwlab::host::Plugin::open(argv[1]);
    plugin.load({"bench", "schema: { name: " + std::string(argv[3]) + " }\n"});
    // Where the schema is not up to date this call brings it there.
    const auto page = plugin.conversation_store().list_conversations(
        {hwlab::host::Order::started, {}, 1}, {std::chrono::minutes(20)});
    std::printf("%.6f\n", std::chrono::duration<double>(Clock::now() - started).count());
    std::fflush(stdout);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_first_ours: %s\n", error.what());
    return 1;
  }
}
