#include "output.h"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "text.h"

namespace hwlab::cli {
namespace {

[[noreturn]] void fail() {
  throw OutputError("the output cannot be written: " +
                    std::error_code(errno, std::generic_category()).message());
}

}  // namespace

void write_out(std::string_view data) {
  if (!data.empty() && std::fwrite(data.data(), 1, data.size(), stdout) != data.size()) {
    fail();
  }
}

void finish_out() {
  if (std::fflush(stdout) != 0) {
    fail();
  }
}

void say(std::string_view line) noexcept {
  try {
    const auto text = escape_for_terminal(line, Lines::one) + "\n";
    // One call, so that lines of several threads do not mix. Where stderr fails nobody listens.
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
  } catch (...) {  // NOLINT(bugprone-empty-catch): no memory for a line of the log
  }
}

}  // namespace hwlab::cli
