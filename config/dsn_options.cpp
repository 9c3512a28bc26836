#include "config/dsn_options.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <new>
#include <optional>
#include <span>

#include "config/dsn_diagnosis.h"
#include "config/units.h"

namespace hwlab::config {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 6> ssl_modes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};
constexpr std::array<std::string_view, 3> wishes{"disable", "prefer", "require"};
constexpr std::array<std::string_view, 6> session_attributes{
    "any", "read-write", "read-only", "primary", "standby", "prefer-standby"};
constexpr std::array<std::string_view, 2> switches{"0", "1"};

struct WordOption {
  std::string_view keyword;
  Words words;
};

constexpr std::array<WordOption, 5> word_options{{{"sslmode", ssl_modes},
                                                  {"gssencmode", wishes},
                                                  {"channel_binding", wishes},
                                                  {"target_session_attrs", session_attributes},
                                                  {"sslsni", switches}}};

constexpr std::array<std::string_view, 6> integer_options{"connect_timeout",  "keepalives",
                                                          "keepalives_idle",  "keepalives_interval",
                                                          "keepalives_count", "tcp_user_timeout"};

std::string list(Words words) {
  std::string text;
  for (const auto word : words)
    text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+'))
    text.remove_prefix(1);
  return !text.empty() && text.size() <= 9 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// One port, or one for each host; an empty one is the default.
bool is_port_list(std::string_view text) {
  while (true) {
    const auto comma = text.find(',');
    const auto port = text.substr(0, comma);
    const auto number = read_count(port);
    if (!port.empty() && (!number || *number < 1 || *number > 65'535))
      return false;
    if (comma == std::string_view::npos)
      return true;
    text.remove_prefix(comma + 1);
  }
}

// What was expected of the option, or nothing when its value may be right.
std::optional<std::string> mistake(std::string_view keyword, std::string_view value) {
  if (value.empty())
    return std::nullopt;
  if (keyword == "port" && !is_port_list(value))
    return "a number from 1 to 65535, or one for each host with commas between them";
  if (std::ranges::find(integer_options, keyword) != integer_options.end() && !is_integer(value))
    return "a whole number";
  if (keyword == "dbname" && (is_uri(value) || value.find('=') != std::string_view::npos))
    return "the name of a database, not another DSN";
  // A host that begins with @ is an abstract socket.
  if (keyword == "host" &&
      (value.find("://") != std::string_view::npos || value.find('@', 1) != std::string_view::npos))
    return "names, addresses or directories of hosts, not a URI";
  if (keyword == "replication")
    return "nothing: conversations cannot be stored through a replication connection";
  for (const auto& option : word_options) {
    if (option.keyword == keyword && std::ranges::find(option.words, value) == option.words.end())
      return "one of " + list(option.words);
  }
  return std::nullopt;
}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

// libpq's message is dropped: it repeats what it chokes on, half a password or the whole text.
Options parse(const std::string& text) {
  char* message = nullptr;
  Options options(PQconninfoParse(text.c_str(), &message));
  const bool has_message = message != nullptr;
  PQfreemem(message);
  if (!options && !has_message)
    throw std::bad_alloc();
  return options;
}

std::vector<std::string_view> known_keywords(const PQconninfoOption* option) {
  std::vector<std::string_view> words;
  for (; option->keyword != nullptr; ++option)
    words.emplace_back(option->keyword);
  return words;
}

}  // namespace

std::vector<ConnectionOption> parse_options(const std::string& text, const std::string& source) {
  if (is_uri(text) && has_stray_at(text))
    throw Error(
        source +
        " holds a URI with an @ too many; expected one, between password and host: in a name "
        "or a password write %40 for @ and %2F for /");
  const auto parsed = parse(text);
  if (!parsed) {
    const auto nothing = parse("");
    if (!nothing)
      throw std::bad_alloc();
    throw Error(source +
                " holds no valid DSN: " + diagnose_dsn(text, known_keywords(nothing.get())));
  }
  std::vector<ConnectionOption> options;
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr)
      continue;
    if (const auto expected = mistake(option->keyword, option->val))
      throw Error(source + " holds a DSN whose option " + option->keyword + " is wrong; expected " +
                  *expected);
    options.push_back({option->keyword, Secret(option->val)});
  }
  return options;
}

}  // namespace hwlab::config
