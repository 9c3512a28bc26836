#include "store/append_unit.h"

#include <utility>

namespace hwlab::store {

AppendUnit::AppendUnit(Append append, Deadline until)
    : request(std::move(append)), deadline(until) {
  for (const NewMessage& message : request.messages)
    bytes += message.role.size() + message.content.size() + message.metadata.value_or("").size();
}

void AppendUnit::own_texts() {
  if (!texts_.empty())
    return;
  texts_.reserve(bytes);  // so that the views stay valid
  const auto owned = [this](std::string_view text) {
    const std::size_t at = texts_.size();
    texts_.append(text);
    return std::string_view(texts_).substr(at);
  };
  for (NewMessage& message : request.messages) {
    message.role = owned(message.role);
    message.content = owned(message.content);
    if (message.metadata)
      message.metadata = owned(*message.metadata);
  }
}

}  // namespace hwlab::store
