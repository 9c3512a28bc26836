// What the store throws, and what it tells the caller to do.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hwlab::store {

enum class Kind {
  invalid,      // mend the call
  not_found,    // no such conversation
  conflict,     // something else stands there
  unavailable,  // no connection to be had by the deadline; nothing was sent
  overloaded,   // too much is waiting; nothing was sent
  timeout,      // the deadline passed
  permission,   // the login or the right is refused
  stopped,      // the store is being closed
  config,       // the DSN or the schema must be mended first
  internal,     // a defect of this program or of the stored data
};

// what() is one sentence for an operator. It holds no secret and no text of a user: the server's
// own words, which quote values, are passed on for connections and migrations only.
class Error : public std::runtime_error {
 public:
  Error(Kind kind, const std::string& sentence, std::string_view sqlstate = {})
      : std::runtime_error(sentence), kind_(kind) {
    sqlstate.copy(sqlstate_.data(), sqlstate_.size() - 1);
  }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::string_view sqlstate() const noexcept { return sqlstate_.data(); }
  // The same call may succeed later.
  [[nodiscard]] bool retryable() const noexcept;
  // A write was sent and its outcome is unknown: repeat it with the same ids.
  [[nodiscard]] bool maybe_applied() const noexcept { return maybe_applied_; }
  // Beside a conflict over an expected seq: the last seq there is.
  [[nodiscard]] std::int64_t actual_seq() const noexcept { return actual_seq_; }

  // For a write that was sent: `last` is what its last attempt came to.
  static Error unknown_outcome(const Error& last);
  static Error other_seq(std::int64_t expected, std::int64_t actual);

 private:
  Kind kind_;
  bool maybe_applied_ = false;
  std::int64_t actual_seq_ = 0;
  std::array<char, 6> sqlstate_{};  // an array: to copy an exception must not throw
};

}  // namespace hwlab::store
