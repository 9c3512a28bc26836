#include "store/append_queue.h"

#include <memory>

#include "store/append_line.h"

namespace hwlab::store {

AppendQueue::AppendQueue(AppendOptions options, int connections, Pool& pool,
                         const Statements& statements)
    : line_(std::make_unique<Line>(options, connections, pool, statements)) {}

AppendQueue::~AppendQueue() = default;

auto AppendQueue::enter(const Append& append, Deadline deadline) -> std::shared_ptr<Entry> {
  return std::make_shared<Entry>(append, deadline);
}

AttemptResult AppendQueue::attempt(const std::shared_ptr<Entry>& entry) {
  return line_->attempt(*entry);
}

void AppendQueue::stop() noexcept {
  line_->stop();
}

std::size_t AppendQueue::waiting() const {
  return line_->waiting();
}

}  // namespace hwlab::store
