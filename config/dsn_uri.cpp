#include <algorithm>
#include <array>

#include "config/dsn_options.h"

namespace hwlab::config {

bool is_uri(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

namespace {

struct Parts {
  std::string_view user;  // and password
  std::string_view rest;
};

// Cut as libpq does: the user's part ends at the first @ that comes before any slash.
Parts cut(std::string_view uri) {
  const auto rest = uri.substr(uri.find("://") + 3);
  const auto at = rest.find_first_of("@/");
  if (at == std::string_view::npos || rest[at] != '@')
    return {{}, rest};
  return {rest.substr(0, at), rest.substr(at + 1)};
}

}  // namespace

bool has_stray_at(std::string_view uri) {
  const auto rest = cut(uri).rest;
  return rest.substr(0, rest.find('?')).find('@') != std::string_view::npos;
}

std::vector<std::string> passwords_in_uri(std::string_view uri) {
  std::vector<std::string> found;
  const auto [user, rest] = cut(uri);
  if (const auto colon = user.find(':'); colon != std::string_view::npos)
    found.emplace_back(user.substr(colon + 1));
  static constexpr std::array<std::string_view, 2> names{"password=", "sslpassword="};
  const auto mark = rest.find('?');
  auto query = mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1);
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    for (const auto name : names) {
      if (query.starts_with(name))
        found.emplace_back(query.substr(name.size(), end - name.size()));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return found;
}

}  // namespace hwlab::config
