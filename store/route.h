// Who could stand between us and a server.
#pragma once

#include <optional>
#include <string>

namespace hwlab::store {

// How libpq goes to a server: what the DSN, its service file and the environment come to. Lists
// where the DSN has lists.
struct Route {
  std::string host;
  std::string hostaddr;
  std::string sslmode;
  std::string channel_binding;
  std::string gssencmode;
  bool encrypted = false;  // known once the session is there
};

enum class Protection {
  local,       // a unix socket or the loopback interface: nobody is between
  verified,    // the server has to prove who it is before it is told anything
  unverified,  // whoever answers in its place is given the password, or what is to be stored
};

// Nothing is resolved: of names, only `localhost` is taken for this machine.
Protection protection_of(const Route& route);

// What an operator should know and do about it: one sentence without a name or a secret; nothing
// unless it is unverified.
std::optional<std::string> warning_about(const Route& route);

// What to add to the DSN then.
inline constexpr const char* how_to_verify =
    "add sslmode=verify-full and sslrootcert=FILE to the DSN, where FILE holds the certificate of "
    "the authority that signed the server's";

}  // namespace hwlab::store
