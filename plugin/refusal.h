// A request that is refused before anything is sent.
#pragma once

#include <hwlab/plugin.h>

#include <stdexcept>
#include <string>

namespace hwlab::plugin {

// what() is one sentence that says what to mend, without the text that is at fault.
class Refusal : public std::runtime_error {
 public:
  explicit Refusal(const std::string& sentence, hwlab_status status = HWLAB_INVALID)
      : std::runtime_error(sentence), status_(status) {}
  [[nodiscard]] hwlab_status status() const noexcept { return status_; }

 private:
  hwlab_status status_;
};

}  // namespace hwlab::plugin
