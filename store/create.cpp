#include "store/create.h"

#include <string>

#include "store/attempts.h"
#include "store/error.h"
#include "store/fields.h"

namespace hwlab::store {
namespace {

// What stands under the id. Throws Error: conflict.
Created find(Session& session, const Statements& statements, const std::string& id,
             const NewConversation& conversation) {
  const pqxx::result found = session.run(statements.find_conversation, {id, conversation.model});
  if (found.empty())  // deleted between the two statements
    throw Error(Kind::conflict, "the id of this conversation was in use a moment ago");
  if (!found[0][0].as<bool>())
    throw Error(Kind::conflict, "the id stands for a conversation with another model");
  return {.started_at = time_of(found[0][1]), .existed = true};
}

}  // namespace

Created create(Pool& pool, const Statements& statements, const NewConversation& conversation,
               Deadline deadline) {
  const std::string id = to_text(conversation.id);
  bool in_doubt = false;  // it was sent, and the connection was lost before the answer
  bool sending = false;
  const auto insert_or_find = [&](Session& session) -> Created {
    sending = true;
    const pqxx::result inserted =
        session.run(statements.create_conversation,
                    {id, conversation.model, conversation.title, conversation.metadata});
    if (!inserted.empty()) {
      const Created created{.started_at = time_of(inserted[0][0])};
      sending = false;
      return created;
    }
    sending = false;
    Created found = find(session, statements, id, conversation);
    found.existed = !in_doubt;  // after an attempt of this call: most likely that one
    return found;
  };
  const auto attempt = [&](Session& session) -> Created {
    try {
      return insert_or_find(session);
    } catch (const StatementFailed& failure) {
      in_doubt = in_doubt || (sending && failure.judgement().next == Next::look_up);
      sending = false;
      throw;
    }
  };
  try {
    return repeat_until(deadline, pool, attempt);
  } catch (const Error& error) {
    if (!in_doubt || error.kind() == Kind::conflict)
      throw;
    throw Error::unknown_outcome(error);
  } catch (const std::exception&) {
    if (!in_doubt && !sending)
      throw;
    throw Error::unknown_outcome({Kind::internal, "the answer could not be read"});
  }
}

}  // namespace hwlab::store
