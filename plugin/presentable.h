// Texts that leave the process.
#pragma once

#include <string>
#include <string_view>

#include "config/redactor.h"

namespace hwlab::plugin {

// Without known secrets, and in UTF-8: the words of a server may be in any encoding before a
// session is set up.
std::string presentable(std::string_view text, const config::Redactor& redactor);

}  // namespace hwlab::plugin
