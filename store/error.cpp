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

}  // namespace hwlab::store
