#include "store/statements.h"

#include <cstdint>
#include <iomanip>
#include <sstream>

#include "store/embedded_sql.h"

namespace hwlab::store {
namespace {

std::string quoted_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"')
      quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

// Not std::hash, whose values may differ between two builds.
std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

Statement make(std::string_view name, std::string_view text, std::string_view schema_name) {
  std::string sql = in_schema(text, schema_name);
  std::ostringstream suffix;
  suffix << std::hex << std::setw(16) << std::setfill('0') << fnv1a(sql);
  return {.name = "hwlab_" + std::string(name) + "_" + suffix.str(), .sql = std::move(sql)};
}

std::string with(std::string_view text, std::string_view words, std::string_view instead) {
  std::string changed(text);
  // Also in the comment above a statement.
  for (auto at = changed.find(words); at != std::string::npos;
       at = changed.find(words, at + instead.size()))
    changed.replace(at, words.size(), instead);
  return changed;
}

}  // namespace

std::string in_schema(std::string_view sql, std::string_view schema_name) {
  constexpr std::string_view mark = "{schema}";
  const std::string quoted = quoted_identifier(schema_name);
  std::string out;
  out.reserve(sql.size() + 64);
  for (;;) {
    const auto at = sql.find(mark);
    out.append(sql.substr(0, at));
    if (at == std::string_view::npos)
      return out;
    out.append(quoted);
    sql.remove_prefix(at + mark.size());
  }
}

Statements::Statements(std::string_view schema_name)
    : append_one(make("append_one", sql::append_one, schema_name)),
      append_each(make("append_each", sql::append_each, schema_name)),
      append_batch(make("append_batch", sql::append_batch, schema_name)),
      append_waiting(
          make("append_waiting", with(sql::append_batch, " skip locked", ""), schema_name)),
      find_messages(make("find_messages", sql::find_messages, schema_name)),
      last_seqs(make("last_seqs", sql::last_seqs, schema_name)),
      create_conversation(make("create_conversation", sql::create_conversation, schema_name)),
      find_conversation(make("find_conversation", sql::find_conversation, schema_name)),
      thread_from_first(make("thread_from_first", sql::thread_from_first, schema_name)),
      thread_from_last(make("thread_from_last",
                            with(sql::thread_from_first, "order by m.seq", "order by m.seq desc"),
                            schema_name)),
      list_by_start(make("list_by_start", sql::list_by_start, schema_name)),
      list_by_activity(make("list_by_activity", sql::list_by_activity, schema_name)) {}

}  // namespace hwlab::store
