#include "store/route.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "store/hosts.h"

namespace hwlab::store {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

bool is_loopback(const sockaddr* address) {
  constexpr std::uint32_t net = 127;
  if (address->sa_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == net;
  }
  if (address->sa_family != AF_INET6)
    return false;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == net);
}

// An address in any spelling that libpq's resolver takes (127.1, ::ffff:127.0.0.1); no name is
// looked up.
bool is_loopback_address(const std::string& text) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (::getaddrinfo(text.c_str(), nullptr, &hints, &found) != 0)
    return false;
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  return is_loopback(list->ai_addr);
}

// libpq takes an empty host for its default directory of sockets.
bool is_local(const std::string& host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') ||
         ::strcasecmp(host.c_str(), "localhost") == 0 || is_loopback_address(host);
}

bool is_local(const Route& route) {
  const std::vector<std::string> hosts = split_list(route.host);
  const std::vector<std::string> addresses = split_list(route.hostaddr);
  for (std::size_t i = 0; i < std::max(hosts.size(), addresses.size()); ++i) {
    // Where there is an address the host is only a name, for certificates and password files.
    const bool has_address = i < addresses.size() && !addresses[i].empty();
    if (has_address ? !is_loopback_address(addresses[i]) : i < hosts.size() && !is_local(hosts[i]))
      return false;
  }
  return true;
}

}  // namespace

Protection protection_of(const Route& route) {
  if (is_local(route))
    return Protection::local;
  // verify-ca is not enough: it takes any server that the authority has certified. Binding the
  // login to the channel is: only the server that knows the password's verifier can, and libpq ends
  // the session if it does not.
  const bool is_proven = route.sslmode == "verify-full" || route.channel_binding == "require" ||
                         route.gssencmode == "require";
  return is_proven ? Protection::verified : Protection::unverified;
}

std::optional<std::string> warning_about(const Route& route) {
  // libpq gives every connection a mode, but one that it will not even try.
  if (route.sslmode.empty() || protection_of(route) != Protection::unverified)
    return std::nullopt;
  std::string sentence = "the database is on another host and sslmode is '" + route.sslmode + "': ";
  if (route.sslmode == "verify-ca")
    sentence += "any server with a certificate of the same authority would be believed";
  else
    sentence += "whoever answers in its place would be believed";
  return sentence + "; " + how_to_verify;
}

}  // namespace hwlab::store
