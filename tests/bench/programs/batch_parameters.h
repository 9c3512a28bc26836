// The parameters of our own batch statement (store/sql/append_batch.sql), made anew for each batch.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "store/array_literal.h"
#include "store/uuid.h"
#include "tests/bench/programs/load.h"

namespace hwlab::bench {

// One message a row, to conversations at random. Callers keep to conversations of their own, as
// batches of one process do: the statement skips one that another holds.
class BatchParameters {
 public:
  BatchParameters(int caller, int callers, int conversations, int rows)
      : caller_(caller),
        callers_(callers),
        rows_(rows),
        own_(static_cast<std::size_t>(conversations / callers)),
        random_(caller, conversations / callers) {}

  // Valid until the next call.
  std::vector<const char*> next() {
    arrays_ = {};
    units_.assign(own_, 0);
    counts_.clear();
    for (int row = 0; row < rows_; ++row)
      add_message(random_() - 1);
    for (const int count : counts_) {
      arrays_[1].add(std::to_string(count));
      arrays_[2].add_null();
      arrays_[3].add_null();
      arrays_[4].add(std::to_string(count));
    }
    std::vector<const char*> values;
    for (store::ArrayLiteral& array : arrays_)
      values.push_back(array.finish().c_str());
    return values;
  }

 private:
  void add_message(int chosen) {
    std::size_t& unit = units_[static_cast<std::size_t>(chosen)];
    if (unit == 0) {
      arrays_[0].add(conversation_id(chosen * callers_ + caller_ + 1));
      counts_.push_back(0);
      unit = counts_.size();
    }
    arrays_[5].add(store::to_text(store::new_uuid()));
    arrays_[6].add(std::to_string(unit));
    arrays_[7].add(std::to_string(++counts_[unit - 1]));
    arrays_[8].add("user");
    arrays_[9].add(content_);
    arrays_[10].add_null();
    arrays_[11].add_null();
  }

  int caller_;
  int callers_;
  int rows_;
  std::size_t own_;
  Random random_;
  const std::string content_ = message_content();
  std::array<store::ArrayLiteral, 12> arrays_;  // $1 to $12
  std::vector<std::size_t> units_;              // the place in $1 of each conversation; 0: none yet
  std::vector<int> counts_;                     // of the messages of each unit
};

}  // namespace hwlab::bench
