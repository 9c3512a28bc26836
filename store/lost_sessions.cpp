#include "store/lost_sessions.h"

#include <algorithm>
#include <string_view>

namespace hwlab::store {
namespace {

using namespace std::chrono_literals;
using Clock = Deadline::Clock;

constexpr std::size_t most = 256;
// For the way to the server, and clocks that do not run alike.
constexpr auto tolerance = 1s;

// Milliseconds, as an interval is written.
std::string interval(Clock::duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         "ms";
}

void append_to(std::string& array, std::string_view element) {
  array += array.empty() ? '{' : ',';
  array += element;
}

}  // namespace

LostSessions::LostSessions() {
  lost_.reserve(most);  // no allocation later, where one cannot fail
}

void LostSessions::add(const ServerProcess& process) noexcept {
  const std::lock_guard lock(mutex_);
  if (lost_.size() < most)
    lost_.push_back(process);
}

std::vector<ServerProcess> LostSessions::all() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void LostSessions::forget(const std::vector<ServerProcess>& ended) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase_if(lost_, [&ended](const ServerProcess& lost) {
    return std::any_of(ended.begin(), ended.end(), [&lost](const ServerProcess& process) {
      return process.pid == lost.pid && process.answered == lost.answered;
    });
  });
}

LostSessionsParameters parameters_of(const std::vector<ServerProcess>& lost,
                                     Clock::time_point now) {
  LostSessionsParameters parameters;
  for (const ServerProcess& process : lost) {
    append_to(parameters.pids, std::to_string(process.pid));
    append_to(parameters.oldest, interval(now - process.asked_for + tolerance));
    append_to(parameters.youngest, interval(now - process.answered - tolerance));
  }
  for (std::string* const array : {&parameters.pids, &parameters.oldest, &parameters.youngest})
    *array += '}';
  return parameters;
}

}  // namespace hwlab::store
