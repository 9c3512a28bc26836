#include "plugin/presentable.h"

#include <utf8.h>

#include <iterator>

namespace hwlab::plugin {

std::string presentable(std::string_view text, const config::Redactor& redactor) {
  const std::string redacted = redactor.redact(text);
  std::string valid;
  valid.reserve(redacted.size());
  utf8::replace_invalid(redacted.begin(), redacted.end(), std::back_inserter(valid));
  return valid;
}

}  // namespace hwlab::plugin
