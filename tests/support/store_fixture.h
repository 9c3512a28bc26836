// A store on a database of its own.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "store/store.h"
#include "tests/support/database.h"

namespace hwlab::test {

inline store::Deadline soon() {
  return store::Deadline::in(std::chrono::seconds(20));
}

inline store::Log no_log() {
  return [](store::Severity, std::string_view) {};
}

// The error that `call` throws; a failure of the test when it throws none.
template <typename Call>
store::Error error_of(Call call) {
  try {
    call();
  } catch (const store::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {store::Kind::internal, "nothing was thrown"};
}

class StoreTest : public testing::Test {
 protected:
  static store::NewMessage message(std::string_view content, std::string_view role = "user") {
    return {.id = store::new_uuid(),
            .role = role,
            .content = content,
            .metadata = std::nullopt,
            .created_at = std::nullopt};
  }

  store::Uuid new_conversation(std::string_view model = "llama3") {
    const store::Uuid id = store::new_uuid();
    store_.create({.id = id, .model = model, .title = std::nullopt, .metadata = std::nullopt},
                  soon());
    return id;
  }

  store::Appended append(const store::Uuid& conversation, std::vector<store::NewMessage> messages,
                         std::optional<std::int64_t> expected_seq = std::nullopt) {
    return store_.append({.conversation = conversation,
                          .messages = std::move(messages),
                          .expected_seq = expected_seq},
                         soon());
  }

  Database database_;
  store::Store store_{store::StoreOptions{}, database_.source(), no_log()};
};

}  // namespace hwlab::test
