// The line of an AppendQueue: who waits in it, and who leads.
#pragma once

#include <array>
#include <boost/functional/hash.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "store/append_attempt.h"
#include "store/append_queue.h"
#include "store/wakeup.h"

namespace hwlab::store {

// Hooks, so that to line up and to be appointed needs no memory and cannot fail.
using InLine = boost::intrusive::list_base_hook<boost::intrusive::tag<struct InLineTag>>;
using InFlight =
    boost::intrusive::unordered_set_base_hook<boost::intrusive::tag<struct InFlightTag>>;

// Its hooks and its state are under the line's mutex; once it was woken it is for its caller alone.
class AppendQueue::Entry : public InLine,
                           public InFlight,
                           public std::enable_shared_from_this<AppendQueue::Entry> {
 public:
  Entry(const Append& append, Deadline deadline) : unit(append, deadline) {}

  [[nodiscard]] const Uuid& conversation() const { return unit.request.conversation; }
  [[nodiscard]] std::size_t messages() const { return unit.request.messages.size(); }

  AppendUnit unit;

  enum class State { with_its_caller, in_line, leading, sent, done };
  State state = State::with_its_caller;
  Locked leads = Locked::skip;
  bool admitted = false;  // it has been in the line before, and is not refused now

  // Tells its caller that it leads now, or that it is done. Once for each time that it lines up.
  Wakeup wakeup;
};

struct ConversationOf {
  using type = Uuid;
  const Uuid& operator()(const AppendQueue::Entry& entry) const { return entry.conversation(); }
};

class AppendQueue::Line {
 public:
  Line(AppendOptions options, int connections, Pool& pool, const Statements& statements);

  AttemptResult attempt(Entry& entry);
  void stop() noexcept;
  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_messages_;
  }

 private:
  class Leadership;
  using EntryPtr = std::shared_ptr<Entry>;
  using Batch = std::vector<EntryPtr>;
  using Waiting = boost::intrusive::list<Entry, boost::intrusive::base_hook<InLine>>;
  using Busy = boost::intrusive::unordered_multiset<Entry, boost::intrusive::base_hook<InFlight>,
                                                    boost::intrusive::key_of_value<ConversationOf>,
                                                    boost::intrusive::hash<boost::hash<Uuid>>>;

  AttemptResult lead(Entry& leader);
  AttemptResult wait(Entry& entry);
  Deadline::Clock::time_point let_others_line_up();
  void learn_from(Deadline::Clock::duration round_trip);
  [[nodiscard]] bool others_have_more_time(const Entry& leader);

  // All of these under the mutex.
  [[nodiscard]] bool is_busy(const Entry& entry) const;
  [[nodiscard]] bool may_wait_for_lock(const Entry& entry) const;
  [[nodiscard]] bool may_lead(const Entry& entry) const;
  [[nodiscard]] bool may_be_skipped(const Entry& entry) const;
  [[nodiscard]] bool is_large(const Entry& entry) const;
  Entry* next_leader() noexcept;
  void line_up(Entry& entry, const Waiting::iterator& before);
  void leave_line(Entry& entry) noexcept;
  void appoint(Entry& entry, Locked locked) noexcept;
  Batch take_along(Entry& leader);
  // The next ones to lead, to be woken without the mutex.
  using Promoted = std::array<EntryPtr, 2>;
  [[nodiscard]] Promoted pass_on() noexcept;
  static void wake(const Promoted& promoted) noexcept;
  template <typename MakeResult>
  void send_away(MakeResult make_result);

  const AppendOptions options_;
  const int most_leaders_;
  const int most_lock_waits_;
  Pool& pool_;
  const Statements& statements_;

  std::mutex mutex_;
  Waiting waiting_;
  std::size_t waiting_messages_ = 0;
  std::size_t waiting_bytes_ = 0;
  // The entries whose conversations are in a statement now.
  std::array<Busy::bucket_type, 1024> busy_buckets_;
  Busy busy_;
  int leaders_ = 0;
  int lock_waits_ = 0;
  // Callers that were answered since the last statement left, and have not come again.
  std::size_t answered_ = 0;
  Deadline::Clock::duration worth_waiting_ = Deadline::Clock::duration::zero();  // for them
  bool stopping_ = false;
};

}  // namespace hwlab::store
