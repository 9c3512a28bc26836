// Looking at a server as an operator would before a restart.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "store/deadline.h"
#include "store/pool.h"
#include "store/schema.h"

namespace hwlab::store {

struct Finding {
  enum class Level { ok, warning, failed };
  Level level = Level::ok;
  std::string name;    // stable, for programs
  std::string value;   // what was found
  std::string remedy;  // empty when the level is ok
};

struct InspectOptions {
  std::string schema_name;
  MigrateMode migrate = MigrateMode::automatic;
  int pool_max = 0;
  std::chrono::milliseconds statement_timeout{0};  // that sessions ask for
};

// Changes nothing. Throws Error when no session is to be had.
std::vector<Finding> inspect(Pool& pool, const InspectOptions& options, Deadline deadline);

}  // namespace hwlab::store
