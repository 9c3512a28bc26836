#include "config/redactor.h"

#include <algorithm>
#include <cstddef>

namespace hwlab::config {
namespace {

constexpr std::string_view replacement = "[redacted]";

struct Stretch {
  std::size_t begin;
  std::size_t end;
};

// Every occurrence, also those that overlap each other.
std::vector<Stretch> occurrences(std::string_view text, std::span<const std::string> values) {
  std::vector<Stretch> found;
  for (const auto& value : values) {
    for (auto at = text.find(value); at != std::string_view::npos; at = text.find(value, at + 1)) {
      const bool continues = !found.empty() && found.back().begin <= at && at <= found.back().end;
      if (continues)
        found.back().end = std::max(found.back().end, at + value.size());
      else
        found.push_back({at, at + value.size()});
    }
  }
  std::ranges::sort(found, {}, &Stretch::begin);
  return found;
}

}  // namespace

void Redactor::add(std::span<const Secret> secrets) {
  const std::scoped_lock lock(mutex_);
  auto values = *values_;
  for (const auto& secret : secrets) {
    if (secret.reveal().size() < shortest)
      continue;
    std::erase(values, secret.reveal());
    values.push_back(secret.reveal());
  }
  if (values.size() > most)
    values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(most));
  values_ = std::make_shared<const Values>(std::move(values));
}

std::string Redactor::redact(std::string_view text) const {
  std::shared_ptr<const Values> values;
  {
    const std::scoped_lock lock(mutex_);
    values = values_;
  }
  std::string result;
  std::size_t shown = 0;    // the text before this is dealt with
  bool after_blot = false;  // and ends in a replacement
  for (const auto& stretch : occurrences(text, *values)) {
    if (!after_blot || stretch.begin > shown) {
      result += text.substr(shown, stretch.begin - shown);
      result += replacement;
      after_blot = true;
    }
    shown = std::max(shown, stretch.end);
  }
  return result += text.substr(shown);
}

}  // namespace hwlab::config
