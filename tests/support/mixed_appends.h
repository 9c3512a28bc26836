// Many callers at once, good and bad ones, each of whom checks its own answers.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/store.h"

namespace hwlab::test {

// Half of the callers append to `conversations[0]`, the others to the rest. One call in fifty is
// for a conversation that does not exist, one repeats an earlier message, one uses its id for
// another. Returns what was wrong.
class MixedAppends {
 public:
  MixedAppends(store::Store& store, std::vector<store::Uuid> conversations)
      : store_(store), conversations_(std::move(conversations)) {}

  std::vector<std::string> run(int callers, int calls) {
    std::vector<std::vector<std::string>> wrong(static_cast<std::size_t>(callers));
    {
      std::vector<std::jthread> threads;
      for (int caller = 0; caller < callers; ++caller)
        threads.emplace_back(
            [&, caller] { wrong[static_cast<std::size_t>(caller)] = one_caller(caller, calls); });
    }
    std::vector<std::string> all;
    for (auto& of_caller : wrong)
      all.insert(all.end(), of_caller.begin(), of_caller.end());
    return all;
  }

 private:
  std::vector<std::string> one_caller(int caller, int calls) {
    std::vector<std::string> wrong;
    const auto conversation = [&](int call) {
      const auto others = static_cast<int>(conversations_.size()) - 1;
      return conversations_[static_cast<std::size_t>(
          caller % 2 == 0 ? 0 : 1 + (caller * 31 + call) % others)];
    };
    std::optional<store::Append> last;
    std::int64_t last_seq = 0;
    std::string content;
    for (int call = 0; call < calls; ++call) {
      const int kind = (call + caller * 7) % 50;
      if (kind == 11) {
        expect(wrong, "an unknown conversation", store::Kind::not_found,
               {.conversation = store::new_uuid(),
                .messages = {message("nobody's")},
                .expected_seq = {}});
      } else if (kind == 22 && last) {
        const auto again = append(wrong, *last);
        if (again && (!again->existed || again->messages.front().seq != last_seq))
          wrong.emplace_back("a repeated message was not recognised");
      } else if (kind == 33 && last) {
        store::Append other = *last;
        other.messages.front().content = "another one";
        expect(wrong, "an id that is taken", store::Kind::conflict, other);
      } else {
        content = std::to_string(caller) + "/" + std::to_string(call);
        last = store::Append{
            .conversation = conversation(call), .messages = {message(content)}, .expected_seq = {}};
        const auto appended = append(wrong, *last);
        if (appended && (appended->existed || appended->messages.front().seq < 1))
          wrong.emplace_back("a new message was not stored as one");
        if (appended)
          last_seq = appended->messages.front().seq;
        else
          last.reset();
      }
    }
    return wrong;
  }

  std::optional<store::Appended> append(std::vector<std::string>& wrong,
                                        const store::Append& unit) {
    try {
      return store_.append(unit, store::Deadline::in(std::chrono::seconds(60)));
    } catch (const store::Error& error) {
      wrong.emplace_back(error.what());
    }
    return std::nullopt;
  }

  void expect(std::vector<std::string>& wrong, const std::string& what, store::Kind kind,
              const store::Append& unit) {
    try {
      store_.append(unit, store::Deadline::in(std::chrono::seconds(60)));
      wrong.push_back(what + " was accepted");
    } catch (const store::Error& error) {
      if (error.kind() != kind)
        wrong.push_back(what + " was refused as: " + error.what());
    }
  }

  static store::NewMessage message(std::string_view content) {
    return {.id = store::new_uuid(),
            .role = "user",
            .content = content,
            .metadata = {},
            .created_at = {}};
  }

  store::Store& store_;
  const std::vector<store::Uuid> conversations_;
};

}  // namespace hwlab::test
