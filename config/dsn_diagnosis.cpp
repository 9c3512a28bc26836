#include "config/dsn_diagnosis.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "config/dsn_options.h"
#include "config/text.h"

namespace hwlab::config {
namespace {

constexpr std::string_view space = " \t\r\n\f\v";

using Keywords = std::span<const std::string_view>;

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
}

// Removes one value, as libpq reads it: quoted or up to a space, a backslash before any character.
// False when its quote is not closed.
bool skip_value(std::string_view& text) {
  const bool is_quoted = text.starts_with('\'');
  std::size_t at = is_quoted ? 1 : 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (is_quoted ? text[at] == '\'' : space.find(text[at]) != std::string_view::npos)
      break;
  }
  const bool is_closed = !is_quoted || at < text.size();
  text.remove_prefix(std::min(at + (is_quoted ? 1 : 0), text.size()));
  return is_closed;
}

struct Names {
  std::vector<std::string_view> names;
  bool has_open_quote = false;
  bool lacks_equals = false;
};

Names names_in_keyword_form(std::string_view text) {
  Names result;
  for (skip_space(text); !text.empty(); skip_space(text)) {
    const auto end = std::min(text.find_first_of(std::string(space) + '='), text.size());
    result.names.push_back(text.substr(0, end));
    text.remove_prefix(end);
    skip_space(text);
    result.lacks_equals = !text.starts_with('=');
    if (result.lacks_equals)
      return result;
    text.remove_prefix(1);
    skip_space(text);
    result.has_open_quote = !skip_value(text);
    if (result.has_open_quote)
      return result;
  }
  return result;
}

std::vector<std::string_view> names_in_query(std::string_view uri) {
  std::vector<std::string_view> names;
  const auto mark = uri.find('?');
  if (mark == std::string_view::npos)
    return names;
  for (uri.remove_prefix(mark + 1); !uri.empty();) {
    const auto end = std::min(uri.find('&'), uri.size());
    const auto parameter = uri.substr(0, end);
    names.push_back(parameter.substr(0, parameter.find('=')));
    uri.remove_prefix(std::min(end + 1, uri.size()));
  }
  return names;
}

std::optional<std::string> unknown_option(std::span<const std::string_view> names,
                                          Keywords keywords) {
  for (const auto name : names) {
    if (name == "ssl" || std::ranges::find(keywords, name) != keywords.end())
      continue;
    const auto meant = nearest(name, keywords);
    return "it sets an option that libpq does not know" +
           (meant.empty() ? std::string() : "; did you mean " + std::string(meant) + '?');
  }
  return std::nullopt;
}

std::string diagnose_uri(std::string_view text, Keywords keywords) {
  if (const auto sentence = unknown_option(names_in_query(text), keywords))
    return *sentence;
  return "the URI cannot be read; expected "
         "postgresql://user:password@host:port/database?option=value, "
         "where special characters of a name or a password are percent-encoded (@ as %40, / as "
         "%2F, % "
         "as %25)";
}

std::string diagnose_keywords(std::string_view text, Keywords keywords) {
  const auto found = names_in_keyword_form(text);
  if (found.has_open_quote)
    return "a value begins with a single quote and does not end with one; within quotes write \\' "
           "for ' "
           "and \\\\ for \\";
  if (found.lacks_equals)
    return "a name without = stands in it; expected keyword=value pairs, where a value with spaces "
           "stands in single quotes";
  return unknown_option(found.names, keywords)
      .value_or("expected keyword=value pairs, where a value with spaces stands in single quotes");
}

}  // namespace

std::string diagnose_dsn(std::string_view text, Keywords keywords) {
  if (is_uri(text))
    return diagnose_uri(text, keywords);
  const auto scheme = text.find("://");
  const auto equals = text.find('=');
  if (scheme != std::string_view::npos && (equals == std::string_view::npos || scheme < equals))
    return "expected a URI that begins with postgresql://";
  if (equals == std::string_view::npos)
    return "expected postgresql://user:password@host:port/database or keyword=value pairs";
  return diagnose_keywords(text, keywords);
}

}  // namespace hwlab::config
