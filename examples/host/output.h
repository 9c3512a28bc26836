// stdout for data, stderr for everything else.
#pragma once

#include <stdexcept>
#include <string_view>

namespace hwlab::cli {

// stdout cannot be written, or stdin not be read: ExitCode::output.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Data. Throws OutputError.
void write_out(std::string_view data);
// At the end of a command that worked: what is buffered goes out. Throws OutputError, so that a
// full disk is not taken for success.
void finish_out();

// One line for people on stderr, control characters escaped. Any thread.
void say(std::string_view line) noexcept;

}  // namespace hwlab::cli
