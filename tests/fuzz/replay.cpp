// Without libFuzzer: gives the target every file below the folders (or files) that are named. So
// the committed inputs are tests in every build, whatever its compiler.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(const fs::path& root) {
  std::vector<fs::path> files;
  if (fs::is_regular_file(root))
    files.push_back(root);
  else
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file())
        files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

void replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  // Printed first, so that the last line tells which one it was.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t replayed = 0;
  for (int i = 1; i < count; ++i)
    for (const auto& path : files_below(arguments[i])) {
      replay(path);
      ++replayed;
    }
  return replayed > 0 ? 0 : 1;
}
