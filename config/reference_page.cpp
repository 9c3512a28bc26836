#include <string>
#include <string_view>

#include "config/documents.h"
#include "config/keys.h"

namespace hwlab::config {
namespace {

constexpr std::string_view introduction = R"(# Configuration

<!-- Written by the build target `configuration-page` from config/reference_page.cpp and the table in
     config/keys.cpp. Do not edit this page: change those and build the target. -->

The plugin reads the `config:` section of its entry in the daemon's configuration file. Every key has a
default; an empty section is a complete one. This is all of it, with the defaults:

```yaml
)";

constexpr std::string_view values = R"(```

How values are written:

- **Durations** are a whole number and a unit, without a space: `250ms`, `10s`, `10m`, `2h`.
- **Sizes** likewise: `512B`, `64KiB`, `16MiB`, `1GiB`. Where 0 is in the range, plain `0` will do.
- **Counts** are plain whole numbers: `4`.
- Anchors, aliases, merge keys, tags, further documents, duplicate keys, unknown keys and keys without a
  value are errors. The section may be at most 1 MiB long.

The plugin also gives this table as a JSON Schema (draft 2020-12), in the member `config_schema` of its
descriptor; the ranges of durations and sizes stand in its descriptions only. Programs that read YAML 1.1 take a bare `off` for false: write `"off"` if yours does.

)";

constexpr std::string_view after_keys = R"(## The DSN

A DSN holds a password, and secrets do not live in YAML. So `dsn` says where the DSN is found, and a DSN
written in its place is refused:

```yaml
dsn: { env: HWLAB_DATABASE_URL }                  # an environment variable of the daemon
dsn: { file: /run/credentials/hwlab.service/dsn } # or a file; one of the two
```

The text found there is a
[connection string of libpq](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING):
`postgresql://user:password@host:5432/database?sslmode=verify-full`, or
`host=... dbname=... user=... password='...'`. In a URI, special characters of a password are
percent-encoded (`@` is `%40`); in the other form, a value with spaces stands in single quotes.
`service` and `passfile` may be used in it, so that the password stands in a file of its own.

A file must be named by its absolute path. It must be a regular file of at most 64 KiB that belongs to root or to
the daemon's user, and that nobody but its owner can change; `chmod 600` is right for most. One that every user of
the machine may read is accepted with a warning, since container secrets come so. Links are followed. One newline at
its end is not part of the DSN.

The reference is followed again before each new connection: a changed password in the file takes effect
without a restart.

Known secrets (the DSN, its passwords also as a URI spells them, and the value of `PGPASSWORD`) are replaced by
`[redacted]` in every text that leaves the plugin. Secrets of fewer than 4 bytes are not: they would blot
out ordinary words.

### TLS

A database on another host must prove who it is, or whoever can answer in its place is given the password and all that
is said. libpq's default does not ask for that. So a DSN by which the plugin connects to another host without it draws a
warning, once in the daemon's log and as the line `tls` of `hwlab-host check`. It is cured by

```
postgresql://hwlab_app@db.example/hwlab?sslmode=verify-full&sslrootcert=/etc/hwlab/db-ca.crt
```

where the file holds the certificate of the authority that signed the server's. What counts is what libpq makes of the
DSN, a service file and the environment (`PGSSLMODE`, `PGHOST` ...) together:

| connection | proof |
|---|---|
| unix socket, `localhost`, loopback address | none needed |
| `sslmode=verify-full` | the certificate, for this host's name |
| `channel_binding=require` | the server knows the password's verifier (SCRAM, within TLS) |
| `gssencmode=require` | Kerberos |
| `sslmode=verify-ca` | any server of that authority would do: warning |
| `sslmode=require`, `prefer` (libpq's default), `allow`, `disable` | none: warning |

With several hosts in a DSN, each that the plugin tries is judged.

## Mistakes

A mistake is one sentence that names file and line, the key, what was expected and what was found, and where
there is a near miss, what was probably meant:

```
hwlab.yaml:14: pool.mx: unknown key; did you mean pool.max?
hwlab.yaml:16: call_timeout: expected a duration from 1ms to 1h with its unit (ms, s, m or h), got "10 sec"; did you mean 10s?
```

Nothing that stands under `dsn`, and nothing that looks like a DSN elsewhere, is ever shown. Lines are named
when the daemon hands the plugin its section as it stands in the file; a daemon that writes it anew has
only the file to name.
)";

std::string flow_mapping(std::string_view section) {
  std::string text;
  for (const auto& key : keys()) {
    const auto value = default_text(key);
    if (key.section() == section && !value.empty())
      text += (text.empty() ? "{ " : ", ") + std::string(key.name()) + ": " + value;
  }
  return text + " }";
}

// In the order of the table, a section where its first key stands.
std::string example() {
  std::string text;
  std::string_view section;
  for (const auto& key : keys()) {
    if (key.section().empty())
      text += std::string(key.path) + ": " + default_text(key) + '\n';
    else if (key.section() != section)
      text += std::string(key.section()) + ": " + flow_mapping(key.section()) + '\n';
    section = key.section();
  }
  return text;
}

std::string type_name(ValueType type) {
  switch (type) {
    case ValueType::variable_name:
    case ValueType::absolute_path:
    case ValueType::schema_name:
      return "text";
    case ValueType::choice:
      return "word";
    case ValueType::count:
      return "count";
    case ValueType::size:
      return "size";
    case ValueType::duration:
      return "duration";
  }
  return {};
}

std::string row(const Key& key) {
  const auto standard = default_text(key);
  return "| `" + std::string(key.path) + "` | " + type_name(key.type) + " | " +
         (standard.empty() ? "" : "`" + standard + "`") + " | " + range_text(key) + " | " +
         std::string(key.meaning) + " |\n";
}

std::string table() {
  std::string text =
      "## Keys\n\n| key | type | default | range | meaning |\n|---|---|---|---|---|\n";
  for (const auto& key : keys())
    text += row(key);
  text += "\nThe sections:\n\n";
  for (const auto& section : sections())
    text += "- `" + std::string(section.name) + "`: " + std::string(section.meaning) + "\n";
  return text + '\n';
}

}  // namespace

std::string reference_page() {
  std::string page(introduction);
  page.append(example()).append(values).append(table()).append(after_keys);
  return page;
}

}  // namespace hwlab::config
