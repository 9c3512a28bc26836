#include "store/append_line.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "store/append_attempt.h"
#include "store/append_load.h"
#include "store/error.h"

namespace hwlab::store {
namespace {

// How many statements are on their way at a time: while one waits for its commit to reach the disk,
// another one can be executed. More of them make smaller batches.
constexpr int leaders_at_once = 2;

Error stopped() {
  return {Kind::stopped, "the store is being closed"};
}

// Nobody who waits would fare better.
bool concerns_everyone(const Error& error) {
  return error.kind() == Kind::permission || error.kind() == Kind::config ||
         error.kind() == Kind::stopped;
}

}  // namespace

// What a caller holds while it leads: a place among the leaders, its conversations, and the entries
// that it makes the attempt for. All is given back at the end, however it comes.
class AppendQueue::Line::Leadership {
 public:
  Leadership(Line& line, Entry& leader) : line_(line), locked_(leader.leads), leader_(&leader) {}
  Leadership(const Leadership&) = delete;
  Leadership& operator=(const Leadership&) = delete;
  ~Leadership() { end(); }

  // The units of the leader and of its followers, which are sent from now on.
  Units take_along() {
    Units units = {&leader_->unit};
    {
      const std::lock_guard lock(line_.mutex_);
      followers_ = line_.take_along(*leader_);
    }
    units.reserve(followers_.size() + 1);
    for (const auto& follower : followers_)
      units.push_back(&follower->unit);
    return units;
  }

  // Gives all but these their results, and lets another one lead.
  void keep_only(const Units& units) {
    const auto is_kept = [&units](const auto& entry) {
      return std::find(units.begin(), units.end(), &entry->unit) != units.end();
    };
    const auto settled = std::partition(followers_.begin(), followers_.end(), is_kept);
    const Batch done(settled, followers_.end());
    followers_.erase(settled, followers_.end());
    hand_over(is_kept(leader_) ? nullptr : std::exchange(leader_, nullptr), done);
  }

  void end() noexcept {
    if (leads_ || leader_ != nullptr || !followers_.empty())
      hand_over(std::exchange(leader_, nullptr), followers_);
    followers_.clear();
  }

  // The leader becomes one who waits.
  void step_down() {
    {
      const std::lock_guard lock(line_.mutex_);
      line_.line_up(*leader_, line_.waiting_.begin());
    }
    end();
  }

 private:
  void hand_over(Entry* leader, const Batch& done) noexcept {
    Promoted promoted;
    {
      const std::lock_guard lock(line_.mutex_);
      if (std::exchange(leads_, false))
        --(locked_ == Locked::wait ? line_.lock_waits_ : line_.leaders_);
      if (leader != nullptr)
        line_.busy_.erase(line_.busy_.iterator_to(*leader));
      // The leader of nobody but itself goes on without delay.
      line_.answered_ += done.empty() ? 0 : done.size() + 1;
      for (const auto& entry : done) {
        line_.busy_.erase(line_.busy_.iterator_to(*entry));
        entry->state = Entry::State::done;
      }
      promoted = line_.pass_on();
    }
    wake(promoted);  // first: there is work for them
    for (const auto& entry : done)
      entry->wakeup.call();
  }

  Line& line_;
  const Locked locked_;
  bool leads_ = true;
  Entry* leader_;
  Batch followers_;
};

AppendQueue::Line::Line(AppendOptions options, int connections, Pool& pool,
                        const Statements& statements)
    : options_(options),
      most_leaders_(std::min(leaders_at_once, connections)),
      most_lock_waits_(connections - 1),
      pool_(pool),
      statements_(statements),
      busy_(Busy::bucket_traits(busy_buckets_.data(), busy_buckets_.size())) {}

AttemptResult AppendQueue::Line::attempt(Entry& entry) {
  std::unique_lock lock(mutex_);
  entry.unit.result = AttemptResult::not_sent();
  answered_ -= std::min<std::size_t>(answered_, 1);
  if (!may_wait_for_lock(entry) && !may_lead(entry)) {
    lock.unlock();
    entry.unit.own_texts();
    lock.lock();
  }
  if (stopping_)
    throw stopped();
  if (may_wait_for_lock(entry)) {
    appoint(entry, Locked::wait);
  } else if (may_lead(entry)) {
    appoint(entry, Locked::skip);
  } else {
    line_up(entry, waiting_.end());
    lock.unlock();
    return wait(entry);
  }
  lock.unlock();
  return lead(entry);
}

// Whoever is sent away comes again, and is told then: to say why would need memory here.
void AppendQueue::Line::stop() noexcept {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  send_away([] { return AttemptResult::not_sent(); });
}

bool AppendQueue::Line::is_busy(const Entry& entry) const {
  return busy_.find(entry.conversation()) != busy_.end();
}

// While nobody else is here, a statement that waits costs nobody anything, and it is the cheaper
// one.
bool AppendQueue::Line::may_wait_for_lock(const Entry& entry) const {
  const bool nobody_else = leaders_ == 0 && lock_waits_ == 0 && waiting_.empty();
  return (entry.unit.locked || nobody_else) && lock_waits_ < most_lock_waits_ && !is_busy(entry);
}

bool AppendQueue::Line::may_lead(const Entry& entry) const {
  return leaders_ < most_leaders_ && !is_busy(entry);
}

void AppendQueue::Line::appoint(Entry& entry, Locked locked) noexcept {
  busy_.insert(entry);
  ++(locked == Locked::wait ? lock_waits_ : leaders_);
  entry.leads = locked;
  entry.state = Entry::State::leading;
}

AttemptResult AppendQueue::Line::lead(Entry& leader) {
  Leadership leadership(*this, leader);
  std::optional<Pool::Lease> session;
  try {
    session.emplace(pool_.lease(leader.unit.deadline));
  } catch (const Error& error) {
    if (concerns_everyone(error)) {
      const std::lock_guard lock(mutex_);
      send_away([&error] { return AttemptResult::refused(error); });
    }
    throw;
  }
  const auto leaves = let_others_line_up();
  if (others_have_more_time(leader)) {
    // The statement would be cut at this leader's deadline.
    session.reset();
    leader.unit.own_texts();
    leadership.step_down();
    return wait(leader);
  }

  const Units units = leadership.take_along();
  try {
    AppendAttempt attempt(*session, statements_);
    const Units without_rows = attempt.send(units, leader.leads);
    learn_from(Deadline::Clock::now() - leaves);
    if (!without_rows.empty()) {
      leadership.keep_only(without_rows);
      attempt.explain(without_rows);
    }
  } catch (const std::exception&) {
    session->discard();
    if (leader.unit.result.outcome != AttemptResult::Outcome::unknown)
      throw;
  }
  session.reset();  // for the next leader
  return std::move(leader.unit.result);
}

// Those who were given their answers a moment ago are mostly about to append again, and would wait
// for a whole round trip behind a statement that has left without them. So they get the processor
// first, until they are back; not for longer than a small part of what they save. A lone caller has
// nobody to wait for.
Deadline::Clock::time_point AppendQueue::Line::let_others_line_up() {
  const auto since = Deadline::Clock::now();
  for (auto now = since;; now = Deadline::Clock::now()) {
    {
      const std::lock_guard lock(mutex_);
      if (answered_ == 0 || waiting_messages_ >= options_.max_batch ||
          now - since >= worth_waiting_) {
        answered_ = 0;
        return now;
      }
    }
    std::this_thread::yield();
  }
}

void AppendQueue::Line::learn_from(Deadline::Clock::duration round_trip) {
  constexpr Deadline::Clock::duration longest = std::chrono::microseconds(500);
  const std::lock_guard lock(mutex_);
  worth_waiting_ = std::min(round_trip / 8, longest);
}

AttemptResult AppendQueue::Line::wait(Entry& entry) {
  using State = Entry::State;
  if (!entry.wakeup.wait_until(entry.unit.deadline.at())) {
    std::unique_lock lock(mutex_);
    if (entry.state == State::in_line) {
      leave_line(entry);
      const Promoted promoted = pass_on();
      lock.unlock();
      wake(promoted);
      throw pool_.why_not_in_time();
    }
    if (entry.state == State::sent)
      // The attempt goes on without us, and its result is nobody's.
      return AttemptResult::unknown(
          Error(Kind::timeout, "the server did not answer by the deadline"));
    lock.unlock();
    // Whoever has changed the state is about to say so.
    entry.wakeup.wait_until(Deadline::never().at());
  }
  return entry.state == State::leading ? lead(entry) : std::move(entry.unit.result);
}

void AppendQueue::Line::line_up(Entry& entry, const Waiting::iterator& before) {
  if (!entry.admitted && !waiting_.empty() &&
      (waiting_messages_ + entry.messages() > options_.max_waiting ||
       waiting_bytes_ + entry.unit.bytes > options_.max_waiting_bytes))
    throw Error(Kind::overloaded,
                "too much is waiting to be stored (append.max_waiting, append.max_waiting_bytes): "
                "try again in a moment");
  waiting_.insert(before, entry);
  entry.state = Entry::State::in_line;
  entry.admitted = true;
  waiting_messages_ += entry.messages();
  waiting_bytes_ += entry.unit.bytes;
}

void AppendQueue::Line::leave_line(Entry& entry) noexcept {
  waiting_messages_ -= entry.messages();
  waiting_bytes_ -= entry.unit.bytes;
  waiting_.erase(waiting_.iterator_to(entry));
}

// Those from the line that go with the leader.
auto AppendQueue::Line::take_along(Entry& leader) -> Batch {
  if (waiting_.empty())
    return {};
  AppendLoad load(options_, leader.unit);
  Batch followers;
  for (Entry& entry : waiting_) {
    if (load.is_full())
      break;
    const bool is_leaders = entry.conversation() == leader.conversation();
    if (!is_leaders && (leader.leads == Locked::wait || !may_be_skipped(entry)))
      continue;
    if (!load.has_room_for(entry.unit))
      break;  // it comes first next time
    if (load.take(entry.unit))
      followers.push_back(entry.shared_from_this());
  }
  // Nothing fails from here on.
  for (const auto& follower : followers) {
    leave_line(*follower);
    busy_.insert(*follower);
    follower->state = Entry::State::sent;
  }
  return followers;
}

// Whether a statement that skips locked conversations may take it now. One that was skipped before
// is left for a statement that waits, as long as there may be one more of those.
bool AppendQueue::Line::may_be_skipped(const Entry& entry) const {
  return !(entry.unit.locked && lock_waits_ < most_lock_waits_) && !is_busy(entry);
}

// Of those that would be in the next statement the one with the most time, for its connection is
// cut at the leader's deadline. A unit that leaves no room for others leads when it comes first.
auto AppendQueue::Line::next_leader() noexcept -> Entry* {
  Entry* latest = nullptr;
  std::size_t seen = 0;
  for (Entry& entry : waiting_) {
    if (seen == options_.max_batch)
      break;
    if (!may_be_skipped(entry))
      continue;
    if (latest == nullptr && is_large(entry))
      return &entry;
    if (latest == nullptr || latest->unit.deadline < entry.unit.deadline)
      latest = &entry;
    ++seen;
  }
  return latest;
}

bool AppendQueue::Line::is_large(const Entry& entry) const {
  return entry.messages() > options_.max_batch / 2 ||
         entry.unit.bytes > options_.max_batch_bytes / 2;
}

bool AppendQueue::Line::others_have_more_time(const Entry& leader) {
  if (leader.leads == Locked::wait || is_large(leader))
    return false;
  const std::lock_guard lock(mutex_);
  const Entry* const next = next_leader();
  return next != nullptr && next->unit.deadline.left() > 2 * leader.unit.deadline.left();
}

auto AppendQueue::Line::pass_on() noexcept -> Promoted {
  const auto promote = [this](Entry& entry, Locked locked) {
    leave_line(entry);
    appoint(entry, locked);
    return entry.weak_from_this().lock();
  };
  Promoted promoted;
  if (lock_waits_ < most_lock_waits_) {
    const auto locked = std::find_if(waiting_.begin(), waiting_.end(), [this](const Entry& entry) {
      return entry.unit.locked && !is_busy(entry);
    });
    if (locked != waiting_.end())
      promoted[0] = promote(*locked, Locked::wait);
  }
  if (leaders_ < most_leaders_)
    if (Entry* const next = next_leader(); next != nullptr)
      promoted[1] = promote(*next, Locked::skip);
  return promoted;
}

void AppendQueue::Line::wake(const Promoted& promoted) noexcept {
  for (const EntryPtr& entry : promoted)
    if (entry != nullptr)
      entry->wakeup.call();
}

template <typename MakeResult>
void AppendQueue::Line::send_away(MakeResult make_result) {
  while (!waiting_.empty()) {
    Entry& entry = waiting_.front();
    entry.unit.result = make_result();
    leave_line(entry);
    entry.state = Entry::State::done;
    entry.wakeup.call();
  }
}

}  // namespace hwlab::store
