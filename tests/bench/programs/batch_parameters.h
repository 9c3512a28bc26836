// The parameters of our own statement for many messages (store/sql/append_each.sql), made anew for
// each batch.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "store/binary_array.h"
#include "tests/bench/programs/load.h"

namespace hwlab::bench {

// One message a row, each to a conversation of its own, chosen at random. Callers keep to
// conversations of their own, as batches of one process do: the statement skips one that another
// holds.
class BatchParameters {
 public:
  BatchParameters(int caller, int callers, int conversations, int rows)
      : rows_(static_cast<std::size_t>(rows)), random_(static_cast<unsigned>(caller)) {
    for (int number = caller + 1; number <= conversations; number += callers)
      own_.push_back(store::parse_uuid(conversation_id(number)).value());
  }

  // Valid until the next call.
  store::Arrays next() {
    chosen_.clear();
    std::sample(own_.begin(), own_.end(), std::back_inserter(chosen_), rows_, random_);
    arrays_ = {};
    for (const store::Uuid& conversation : chosen_) {  // in rising order, as all of them are
      arrays_.conversations.add(conversation);
      arrays_.ids.add(store::new_uuid());
      arrays_.roles.add(std::string_view("user"));
      arrays_.contents.add(std::string_view(content_));
      arrays_.metadata.add(std::optional<std::string_view>());
    }
    return {arrays_.conversations.finish(), arrays_.ids.finish(), arrays_.roles.finish(),
            arrays_.contents.finish(), arrays_.metadata.finish()};
  }

 private:
  struct Columns {
    store::BinaryArray<store::Uuid> conversations;
    store::BinaryArray<store::Uuid> ids;
    store::BinaryArray<std::string_view> roles;
    store::BinaryArray<std::string_view> contents;
    store::BinaryArray<std::string_view> metadata;
  };

  std::size_t rows_;
  std::mt19937_64 random_;
  std::vector<store::Uuid> own_;
  std::vector<store::Uuid> chosen_;
  const std::string content_ = message_content();
  Columns arrays_;
};

}  // namespace hwlab::bench
