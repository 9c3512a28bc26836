// Starting a conversation, once.
#pragma once

#include "store/deadline.h"
#include "store/model.h"
#include "store/pool.h"
#include "store/statements.h"

namespace hwlab::store {

// Stores the conversation, or finds the one of the same id and model. Throws Error: conflict (the
// id stands for another one), timeout (with maybe_applied when a statement was sent), ...
Created create(Pool& pool, const Statements& statements, const NewConversation& conversation,
               Deadline deadline);

}  // namespace hwlab::store
