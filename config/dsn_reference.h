// The text that a DSN reference leads to.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "config/settings.h"

namespace hwlab::config {

inline constexpr std::size_t longest_dsn = std::size_t{64} << 10;  // bytes of a file

struct DsnText {
  std::string text;                   // not empty, without the newline at its end
  std::string source;                 // "dsn.env: HWLAB_DATABASE_URL", to begin a sentence with
  std::vector<std::string> warnings;  // sentences
};

// Throws Error: not set, no such file, no regular file, too large, owned or writable by others,
// empty, NUL bytes.
DsnText read_reference(const DsnReference& reference);

// What fstat() says of an open file, to a process of this user. Throws Error; may add a warning.
void check_file_status(const struct stat& status, uid_t user, const std::string& path,
                       DsnText& dsn);

}  // namespace hwlab::config
