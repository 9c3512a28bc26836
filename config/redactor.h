// Keeps known secrets out of texts that leave the process.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/dsn.h"

namespace hwlab::config {

// Replaces known secret values, not patterns, in texts. Every member may be called by any number of
// threads at once; redact() blocks only for the moment that it takes to copy a pointer.
//
// Texts are to be redacted whole: before they are cut to a size, and before they are encoded (JSON,
// YAML), since a secret that is cut or escaped is no longer the known value.
class Redactor {
 public:
  // Shorter secrets are left alone: a password "a" would blot out every a of every message, and the
  // blots themselves would give it away.
  static constexpr std::size_t shortest = 4;  // bytes

  // The secrets of earlier DSNs stay known, since texts about them may still be under way; when
  // there are more than this, the oldest are forgotten.
  static constexpr std::size_t most = 256;

  Redactor() = default;
  explicit Redactor(std::span<const Secret> secrets) { add(secrets); }

  // Adds what is not known yet; a secret that is given again counts as new.
  void add(std::span<const Secret> secrets);

  // The text with "[redacted]" in place of every stretch that belongs to an occurrence of a secret.
  // Occurrences that touch or overlap become one, so that nothing between two of them is left over.
  [[nodiscard]] std::string redact(std::string_view text) const;

 private:
  using Values = std::vector<std::string>;  // oldest first

  mutable std::mutex mutex_;  // guards the pointer; what it points to never changes
  std::shared_ptr<const Values> values_ = std::make_shared<const Values>();
};

}  // namespace hwlab::config
