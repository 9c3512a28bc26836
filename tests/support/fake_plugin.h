// What tests know of the fake plugin. Its behaviour is chosen by its config text, "mode: WORD"; the
// words stand in fake_plugin.cpp.
#pragma once

#include <hwlab/plugin.h>

#include <atomic>

namespace hwlab::test {

// get_extension(instance, fake_counters_id): of the whole process.
inline constexpr const char* fake_counters_id = "test.fake_counters/1";

struct FakeCounters {
  std::atomic<int> given;                    // results that were given out
  std::atomic<int> released;                 // calls of their release
  std::atomic<const hwlab_host*> last_host;  // of the instance that ended last
};

// Every instance starts with this conversation; its one message is "hello" of the user.
inline constexpr const char* canned_conversation = "11111111-1111-4111-8111-111111111111";
inline constexpr const char* canned_message = "22222222-2222-4222-8222-222222222222";

}  // namespace hwlab::test
