#include "proxy.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "config/dsn.h"

namespace hwlab::check {
namespace {

std::string value_of(const std::vector<config::ConnectionOption>& options,
                     const std::string& keyword, const char* variable, const char* usual) {
  for (const auto& option : options)
    if (option.keyword == keyword && !option.value.reveal().empty())
      return option.value.reveal();
  const char* const set = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  return set != nullptr && *set != '\0' ? set : usual;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string host_of(const std::vector<config::ConnectionOption>& options) {
  const std::string address = value_of(options, "hostaddr", "PGHOSTADDR", "");
  return !address.empty() ? address : value_of(options, "host", "PGHOST", "/var/run/postgresql");
}

std::string port_of(const std::vector<config::ConnectionOption>& options) {
  return value_of(options, "port", "PGPORT", "5432");
}

}  // namespace

std::vector<config::ConnectionOption> server_options(const Subject& subject) {
  auto dsn = config::resolve_dsn({.kind = config::DsnReference::Kind::environment,
                                  .name = subject.dsn_variable,
                                  .origin = {}});
  const std::string host = host_of(dsn.options);
  if (host.find(',') != std::string::npos || (!host.starts_with('/') && !is_loopback(host)))
    throw std::runtime_error("the DSN in " + subject.dsn_variable +
                             " does not lead to one server on this machine, and no other can be "
                             "stalled from here");
  return std::move(dsn.options);
}

std::string to_dsn(const std::vector<config::ConnectionOption>& options) {
  std::string dsn;
  for (const auto& option : options) {
    const std::string& value = option.value.reveal();
    dsn += (dsn.empty() ? "" : " ") + option.keyword + "=";
    if (!value.empty() && value.find_first_of(" \t\n\r'\\") == std::string::npos) {
      dsn += value;
      continue;
    }
    dsn += '\'';
    for (const char c : value) {
      if (c == '\'' || c == '\\')
        dsn += '\\';
      dsn += c;
    }
    dsn += '\'';
  }
  return dsn;
}

Proxy::Proxy(const Subject& subject)
    : variable_(subject.dsn_variable), options_(server_options(subject)) {
  const std::string host = host_of(options_);
  gate_ = std::make_unique<test::Gate>("host=" + host + " port=" + port_of(options_));
  // A name stays what it is, since a certificate may be checked against it.
  if (host.starts_with('/'))
    set("host", "127.0.0.1");
  set("hostaddr", "127.0.0.1");
  set("port", gate_->port());
}

void Proxy::set(const std::string& keyword, const std::string& value) {
  std::erase_if(options_, [&](const auto& option) { return option.keyword == keyword; });
  options_.push_back({keyword, config::Secret(value)});
  publish();
}

std::string Proxy::value(const std::string& keyword) const {
  return value_of(options_, keyword, "", "");
}

void Proxy::publish() {
  ::setenv(variable_.c_str(), to_dsn(options_).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace hwlab::check
