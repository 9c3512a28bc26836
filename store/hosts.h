// A DSN that names several hosts, host by host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/connect.h"

namespace hwlab::store {

// One way to connect, to one host.
struct Target {
  std::string name;  // of the host and port, to know it again
  ConnectionOptions options;
};

// libpq itself would try the hosts of one DSN in their order within one deadline: a first one that
// does not answer would use it up, every time. One target for each host, in their order; a single
// target when there is nothing to split, or when the hosts only make sense together
// (target_session_attrs=prefer-standby, lists of different length).
std::vector<Target> targets_of(const ConnectionOptions& options);

// The parts of a list with commas; one, which may be empty, when there is no comma.
std::vector<std::string> split_list(std::string_view list);

}  // namespace hwlab::store
