#include "config/dsn.h"

#include <algorithm>
#include <cstdlib>

#include "config/dsn_options.h"
#include "config/dsn_reference.h"

namespace hwlab::config {
namespace {

void add_secret(std::vector<Secret>& secrets, std::string text) {
  const bool is_known =
      std::ranges::any_of(secrets, [&](const Secret& s) { return s.reveal() == text; });
  if (!text.empty() && !is_known)
    secrets.emplace_back(std::move(text));
}

std::vector<Secret> find_secrets(const std::string& text,
                                 const std::vector<ConnectionOption>& options) {
  std::vector<Secret> secrets;
  add_secret(secrets, text);
  for (const auto& option : options) {
    if (option.keyword == "password" || option.keyword == "sslpassword")
      add_secret(secrets, option.value.reveal());
  }
  if (is_uri(text)) {
    for (auto& password : passwords_in_uri(text))
      add_secret(secrets, std::move(password));
  }
  // libpq takes it when the DSN has no password.
  if (const char* password = std::getenv("PGPASSWORD"))  // NOLINT(concurrency-mt-unsafe): see dsn.h
    add_secret(secrets, password);
  return secrets;
}

}  // namespace

Dsn resolve_dsn(const DsnReference& reference) {
  auto dsn = read_reference(reference);
  auto options = parse_options(dsn.text, dsn.source);
  auto secrets = find_secrets(dsn.text, options);
  return {.options = std::move(options),
          .secrets = std::move(secrets),
          .warnings = std::move(dsn.warnings)};
}

}  // namespace hwlab::config
