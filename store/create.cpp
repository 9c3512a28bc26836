#include "store/create.h"

#include <string>

#include "store/attempts.h"
#include "store/error.h"

namespace hwlab::store {

Created create(Pool& pool, const Statements& statements, const NewConversation& conversation,
               Deadline deadline) {
  const std::string id = to_text(conversation.id);
  bool sent = false;
  const auto insert_or_find = [&](Session& session) -> Created {
    const bool sent_before = std::exchange(sent, true);
    const pqxx::result inserted =
        session.run(statements.create_conversation,
                    {id, conversation.model, conversation.title, conversation.metadata});
    if (!inserted.empty())
      return {.started_at = inserted[0][0].as<Micros>()};
    const pqxx::result found = session.run(statements.find_conversation, {id, conversation.model});
    if (found.empty())  // deleted between the two statements
      throw Error(Kind::conflict, "the id of this conversation was in use a moment ago");
    if (!found[0][0].as<bool>())
      throw Error(Kind::conflict, "the id stands for a conversation with another model");
    return {.started_at = found[0][1].as<Micros>(), .existed = !sent_before};
  };
  try {
    return repeat_until(deadline, pool, insert_or_find);
  } catch (const Error& error) {
    if (sent && (error.kind() == Kind::timeout || error.kind() == Kind::unavailable ||
                 error.kind() == Kind::stopped))
      throw Error::unknown_outcome(error);
    throw;
  }
}

}  // namespace hwlab::store
