#include "store/error.h"

namespace hwlab::store {

bool Error::retryable() const noexcept {
  switch (kind_) {
    case Kind::unavailable:
    case Kind::overloaded:
    case Kind::timeout:
      return true;
    case Kind::invalid:
    case Kind::not_found:
    case Kind::conflict:
    case Kind::permission:
    case Kind::stopped:
    case Kind::config:
    case Kind::internal:
      return false;
  }
  return false;
}

Error Error::unknown_outcome(const Error& last) {
  Error error(Kind::timeout,
              std::string("it was sent, and whether it is stored is not known: repeat it with the "
                          "same id; last: ") +
                  last.what(),
              last.sqlstate());
  error.maybe_applied_ = true;
  return error;
}

Error Error::other_seq(std::int64_t expected, std::int64_t actual) {
  Error error(Kind::conflict, "the conversation's last seq is " + std::to_string(actual) +
                                  ", not " + std::to_string(expected));
  error.actual_seq_ = actual;
  return error;
}

}  // namespace hwlab::store
