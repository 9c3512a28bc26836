// The table of hooks that is registered with the host.
#pragma once

#include <hwlab/conversation_store.h>

namespace hwlab::plugin {

// Constant; `self` of its functions is an Instance.
const hwlab_conversation_store& conversation_hooks() noexcept;

}  // namespace hwlab::plugin
