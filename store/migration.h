// The steps that lead from an empty database, or an earlier schema, to today's.
#pragma once

#include <span>
#include <string_view>

namespace hwlab::store {

// One numbered file of store/migrations/, embedded at build time. Once released it never changes:
// its hash is recorded in each database and compared.
struct Migration {
  enum class Run {
    in_one_transaction,     // with its own record: it is done whole, or not at all
    outside_a_transaction,  // statement by statement (those end with ";" at the end of a line);
                            // each attempt starts afresh
    in_batches,             // one statement, a transaction each time, until it returns 0
  };

  int version;
  std::string_view name;
  Run run;
  std::string_view sha256;  // of the file, in hexadecimal
  std::string_view sql;
};

// All of them, by rising version from 1 on without a gap.
std::span<const Migration> embedded_migrations();

}  // namespace hwlab::store
