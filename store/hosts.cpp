#include "store/hosts.h"

#include <algorithm>
#include <string_view>

namespace hwlab::store {
namespace {

bool is_list(std::string_view keyword) {
  return keyword == "host" || keyword == "hostaddr" || keyword == "port";
}

}  // namespace

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos)
      return parts;
    list.remove_prefix(comma + 1);
  }
}

std::vector<Target> targets_of(const ConnectionOptions& options) {
  std::size_t hosts = 1;
  for (const auto& [keyword, value] : options) {
    if (keyword == "host" || keyword == "hostaddr")
      hosts = std::max(hosts, split_list(value).size());
    if (keyword == "target_session_attrs" && value == "prefer-standby")
      return {{.name = {}, .options = options}};
  }
  std::vector<Target> targets(hosts);
  for (const auto& [keyword, value] : options) {
    const auto parts = is_list(keyword) ? split_list(value) : std::vector<std::string>{value};
    if (parts.size() != 1 && parts.size() != hosts)
      return {{.name = {}, .options = options}};  // libpq says what is wrong with it
    for (std::size_t i = 0; i < hosts; ++i) {
      const std::string& part = parts.size() == 1 ? parts[0] : parts[i];
      if (is_list(keyword))
        targets[i].name.append(keyword).append("=").append(part).append(" ");
      targets[i].options.emplace_back(keyword, part);
    }
  }
  return targets;
}

}  // namespace hwlab::store
