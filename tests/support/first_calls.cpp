// A program that makes first calls, to be killed while it does:
//
//   first_calls DSN CALLERS SECONDS
//
// Opens one store, waits until its stdin ends, then calls from CALLERS threads at once. Exit status
// 0 when every call succeeded within SECONDS; otherwise the errors are on stderr. DSN is in keyword
// form.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/store.h"

int main(int argc, char** argv) {
  namespace store = hwlab::store;
  if (argc != 4)
    return 64;
  std::vector<std::pair<std::string, std::string>> options;
  std::istringstream words(argv[1]);
  for (std::string word; words >> word;)
    options.emplace_back(word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
  const int callers = std::atoi(argv[2]);
  const auto patience = std::chrono::seconds(std::atoi(argv[3]));

  store::Store opened(
      store::StoreOptions{}, [options] { return options; },
      [](store::Severity, std::string_view) {});
  while (std::getchar() != EOF) {
  }
  const auto deadline = store::Deadline::in(patience);
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < callers; ++i)
      threads.emplace_back([&] {
        try {
          opened.list(store::Order::started, "", 1, deadline);
        } catch (const std::exception& error) {
          ++failed;
          std::fprintf(stderr, "first_calls: %s\n", error.what());
        }
      });
  }
  return failed == 0 ? 0 : 1;
}
