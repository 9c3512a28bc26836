// The DSN: found by reference, parsed, and kept where it cannot be printed by accident.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"

namespace hwlab::config {

// A text that must not be shown. It has no stream operator, no conversion and no formatter; whoever
// needs the text says so by name.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& reveal() const noexcept { return text_; }

 private:
  std::string text_;
};

// A connection option of libpq, such as host or password.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
struct ConnectionOption {
  std::string keyword;
  Secret value;
};

struct Dsn {
  std::vector<ConnectionOption>
      options;  // those that the DSN sets, `service` and `passfile` among them
  // What must never appear in a text that leaves the process: the DSN's own text, the password and
  // the passphrase of the key (also as they are spelt in a URI), and the value of PGPASSWORD. Never
  // empty texts. Passwords in a password file are not among them: libpq reads that file, and does
  // not show what it found.
  std::vector<Secret> secrets;
  std::vector<std::string> warnings;  // sentences for an operator: a file that others may read
};

// Reads the reference and parses what it holds (PQconninfoParse; URI and keyword form). Throws
// Error with a sentence that names the variable or the file, and the option at fault where that is
// certain, never a value. Nothing is connected to. To be called again before each new connection,
// so that a changed password takes effect. Any thread, as long as none changes the environment; a
// file is read without waiting for a writer (a FIFO is refused), but a dead network file system can
// block.
Dsn resolve_dsn(const DsnReference& reference);

}  // namespace hwlab::config
