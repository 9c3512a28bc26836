#include "config/keys.h"

#include <array>
#include <chrono>
#include <type_traits>

#include "config/units.h"

namespace hwlab::config {
namespace {

constexpr std::int64_t second = 1'000;  // in milliseconds
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t kib = std::int64_t{1} << 10;
constexpr std::int64_t mib = kib << 10;
constexpr std::int64_t gib = mib << 10;

constexpr std::array<std::string_view, 2> startup_words{"verify", "lazy"};
constexpr std::array<std::string_view, 3> migrate_words{"auto", "verify", "off"};
constexpr std::array<std::string_view, 3> prepared_words{"auto", "on", "off"};
constexpr std::array<std::string_view, 7> level_words{"trace", "debug",    "info", "warn",
                                                      "error", "critical", "off"};

// Path is a chain of member pointers, from Settings to the member.
template <auto... Path>
Value get(const Settings& settings) {
  const auto& member = (settings.*....*Path);
  using Member = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_same_v<Member, std::string>) {
    return {.text = member};
  } else if constexpr (std::is_same_v<Member, std::chrono::milliseconds>) {
    return {.amount = member.count()};
  } else {
    return {.amount = static_cast<std::int64_t>(member)};
  }
}

template <auto... Path>
void set(Settings& settings, const Value& value) {
  auto& member = (settings.*....*Path);
  using Member = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_same_v<Member, std::string>) {
    member = value.text;
  } else {
    member = static_cast<Member>(value.amount);
  }
}

template <DsnReference::Kind Kind>
Value get_dsn(const Settings& settings) {
  return {.text = settings.dsn.kind == Kind ? settings.dsn.name : ""};
}

template <DsnReference::Kind Kind>
void set_dsn(Settings& settings, const Value& value) {
  settings.dsn = {.kind = Kind, .name = value.text};
}

template <auto... Path>
constexpr Key number_key(std::string_view path, ValueType type, std::int64_t least,
                         std::int64_t most, std::string_view meaning) {
  return {path, type, least, most, {}, meaning, get<Path...>, set<Path...>};
}

template <auto... Path>
constexpr Key word_key(std::string_view path, std::span<const std::string_view> words,
                       std::string_view meaning) {
  return {path, ValueType::choice, 0, 0, words, meaning, get<Path...>, set<Path...>};
}

using S = Settings;
using enum ValueType;

constexpr std::array key_table{
    Key{.path = "dsn.env",
        .type = variable_name,
        .choices = {},
        .meaning = "environment variable that holds the DSN",
        .get = get_dsn<DsnReference::Kind::environment>,
        .set = set_dsn<DsnReference::Kind::environment>},
    Key{.path = "dsn.file",
        .type = absolute_path,
        .choices = {},
        .meaning =
            "file that holds the DSN, instead of a variable; read again before each new connection",
        .get = get_dsn<DsnReference::Kind::file>,
        .set = set_dsn<DsnReference::Kind::file>},
    word_key<&S::startup>(
        "startup", startup_words,
        "`verify`: loading fails when the server cannot be reached; `lazy`: connect later"),
    Key{.path = "schema.name",
        .type = schema_name,
        .choices = {},
        .meaning = "PostgreSQL schema that holds the tables",
        .get = get<&S::schema, &S::Schema::name>,
        .set = set<&S::schema, &S::Schema::name>},
    word_key<&S::schema, &S::Schema::migrate>(
        "schema.migrate", migrate_words,
        "`auto`: bring the tables up to date on the first call; `verify`: check them and refuse to "
        "change them; `off`: neither"),
    number_key<&S::schema, &S::Schema::lock_timeout>(
        "schema.lock_timeout", duration, 10, 5 * minute,
        "how long a migration waits for a lock before it lets other writers pass and tries again"),
    number_key<&S::pool, &S::Pool::max>("pool.max", count, 1, 256,
                                        "most connections at a time, those being opened included"),
    number_key<&S::pool, &S::Pool::min>("pool.min", count, 0, 256,
                                        "connections kept open also when idle; at most `pool.max`"),
    number_key<&S::pool, &S::Pool::idle_timeout>(
        "pool.idle_timeout", duration, 100, 24 * hour,
        "an idle connection above `pool.min` is closed after this time"),
    number_key<&S::pool, &S::Pool::max_lifetime>(
        "pool.max_lifetime", duration, 100, 168 * hour,
        "a connection is replaced when it is this old, give or take a little"),
    number_key<&S::pool, &S::Pool::connect_timeout>("pool.connect_timeout", duration, 100,
                                                    10 * minute,
                                                    "how long one attempt to connect may take"),
    number_key<&S::call_timeout>(
        "call_timeout", duration, 1, hour,
        "deadline of a call that names none; it covers queueing, connecting, retries and commit"),
    number_key<&S::append, &S::Append::max_batch>("append.max_batch", count, 1, 10'000,
                                                  "most messages in one statement"),
    number_key<&S::append, &S::Append::max_batch_bytes>(
        "append.max_batch_bytes", size, kib, 512 * mib,
        "most bytes in one statement; a larger message goes alone"),
    number_key<&S::append, &S::Append::max_waiting>(
        "append.max_waiting", count, 1, 1'000'000,
        "most messages waiting to be sent, further ones are refused at once; at least "
        "`append.max_batch`"),
    number_key<&S::append, &S::Append::max_waiting_bytes>(
        "append.max_waiting_bytes", size, kib, 16 * gib,
        "most bytes waiting to be sent; at least `append.max_batch_bytes`, and at least "
        "`limits.content` and `limits.metadata` together"),
    number_key<&S::limits, &S::Limits::content>("limits.content", size, 1, 512 * mib,
                                                "largest content of a message"),
    number_key<&S::limits, &S::Limits::metadata>("limits.metadata", size, 0, 64 * mib,
                                                 "largest metadata of a message or a conversation"),
    word_key<&S::prepared_statements>(
        "prepared_statements", prepared_words,
        "`auto`: use named prepared statements where the server or pooler keeps them; `on`; `off`"),
    word_key<&S::log_level>("log_level", level_words,
                            "the least severe lines that reach the log of the host"),
};

constexpr std::array section_table{
    Section{"dsn", "where the DSN is found: `env` or `file`, not both"},
    Section{"schema", "the tables"},
    Section{"pool", "the connections"},
    Section{"append", "messages on their way into the database"},
    Section{"limits", "the largest input that is accepted"},
};

std::string list_words(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

std::string_view Key::section() const {
  const auto dot = path.find('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view Key::name() const {
  return path.substr(path.find('.') + 1);
}

std::span<const Key> keys() {
  return key_table;
}
std::span<const Section> sections() {
  return section_table;
}

std::string format_value(const Key& key, const Value& value) {
  switch (key.type) {
    case choice:
      return std::string(key.choices[static_cast<std::size_t>(value.amount)]);
    case duration:
      return format_amount(value.amount, duration_units());
    case size:
      return format_amount(value.amount, size_units());
    case count:
      return std::to_string(value.amount);
    default:
      return value.text;
  }
}

std::string default_text(const Key& key) {
  return format_value(key, key.get(Settings{}));
}

std::string range_text(const Key& key) {
  switch (key.type) {
    case variable_name:
      return "letters, digits and _";
    case absolute_path:
      return "an absolute path";
    case schema_name:
      return "1 to 63 bytes, not starting with pg_";
    case choice:
      return list_words(key.choices);
    default:
      return format_value(key, {.amount = key.least}) + " to " +
             format_value(key, {.amount = key.most});
  }
}

std::string expectation(const Key& key) {
  switch (key.type) {
    case variable_name:
      return "the name of an environment variable (letters, digits and _, no digit first)";
    case absolute_path:
      return "the absolute path of a file, without control characters";
    case schema_name:
      return "a name of 1 to 63 bytes that does not start with pg_ and holds no control character";
    case choice:
      return range_text(key);
    case count:
      return "a whole number from " + range_text(key);
    case size:
      return "a size from " + range_text(key) + " with its unit (B, KiB, MiB or GiB)";
    case duration:
      return "a duration from " + range_text(key) + " with its unit (ms, s, m or h)";
  }
  return {};
}

}  // namespace hwlab::config
