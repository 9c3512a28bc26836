// What the store tells an operator while it works.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <utility>

namespace hwlab::store {

enum class Severity { debug, info, warning, error };

// Called from any thread. No text of a user comes here; a secret may, inside the words of libpq:
// the receiver redacts.
using Log = std::function<void(Severity, std::string_view)>;

// A log that can be taken away from threads that may outlive its receiver.
class RevocableLog {
 public:
  explicit RevocableLog(Log to) : shared_(std::make_shared<Shared>()) {
    shared_->to = std::move(to);
  }

  // Calls of one thread do not wait for those of another.
  [[nodiscard]] Log handle() const {
    return [shared = shared_](Severity severity, std::string_view line) {
      const std::shared_lock lock(shared->mutex);
      if (shared->to)
        shared->to(severity, line);
    };
  }

  // Returns when no call is under way any more; later ones do nothing.
  void revoke() {
    const std::unique_lock lock(shared_->mutex);
    shared_->to = nullptr;
  }

 private:
  struct Shared {
    std::shared_mutex mutex;
    Log to;
  };
  std::shared_ptr<Shared> shared_;
};

}  // namespace hwlab::store
