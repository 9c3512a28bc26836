// The statements of the store, by name.
#pragma once

#include <string>
#include <string_view>

namespace hwlab::store {

// One statement. Its name on the server carries a hash of its text: poolers share sessions between
// programs, and two versions of this one must not meet under one name.
struct Statement {
  std::string name;
  std::string sql;
};

// Every `{schema}` of an embedded text replaced by the schema's name as a quoted identifier. A name
// cannot be a parameter; it is the only thing that is ever put into SQL.
std::string in_schema(std::string_view sql, std::string_view schema_name);

struct Statements {
  explicit Statements(std::string_view schema_name);

  Statement append_one;
  Statement append_each;
  Statement append_batch;
  Statement append_waiting;  // append_batch without `skip locked`
  Statement find_messages;
  Statement last_seqs;
  Statement create_conversation;
  Statement find_conversation;
  Statement thread_from_first;
  Statement thread_from_last;
  Statement list_by_start;
  Statement list_by_activity;
};

}  // namespace hwlab::store
