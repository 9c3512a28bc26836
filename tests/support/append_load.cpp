// A program that appends together with others of its kind:
//
//   append_load DSN CALLERS CALLS CONVERSATION...
//
// Opens one store, waits until its stdin ends, then appends as tests/support/mixed_appends.h says.
// Exit status 0 when every call was answered as it should be; otherwise what was wrong is on
// stderr. DSN is in keyword form.
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/mixed_appends.h"

int main(int argc, char** argv) {
  namespace store = hwlab::store;
  if (argc < 6)
    return 64;
  std::vector<std::pair<std::string, std::string>> options;
  std::istringstream words(argv[1]);
  for (std::string word; words >> word;)
    options.emplace_back(word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
  std::vector<store::Uuid> conversations;
  for (int i = 4; i < argc; ++i)
    conversations.push_back(store::parse_uuid(argv[i]).value());

  store::Store opened(
      store::StoreOptions{}, [options] { return options; },
      [](store::Severity, std::string_view) {});
  while (std::getchar() != EOF) {
  }
  const auto wrong =
      hwlab::test::MixedAppends(opened, conversations).run(std::atoi(argv[2]), std::atoi(argv[3]));
  for (const std::string& sentence : wrong)
    std::fprintf(stderr, "append_load: %s\n", sentence.c_str());
  return wrong.empty() ? 0 : 1;
}
