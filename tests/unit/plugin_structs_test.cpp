// Are structs read and written as far as their sizes go, and no further? And is a result's memory
// whole?
#include "plugin/structs.h"

#include <gtest/gtest.h>
#include <hwlab/conversation_store.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "plugin/block.h"

namespace hwlab::plugin {
namespace {

// A request of a later contract, with members that we do not know.
struct LaterRequest {
  hwlab_list_conversations_request known;
  std::array<unsigned char, 16> surplus;
};

LaterRequest later_request() {
  LaterRequest request{};
  request.known.struct_size = sizeof request;
  request.known.limit = 7;
  return request;
}

template <typename Struct>
hwlab_status status_of_reading(const Struct* from) {
  try {
    static_cast<void>(read_struct(from, "the request"));
  } catch (const Refusal& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("the request"), std::string::npos);
    return refusal.status();
  }
  return HWLAB_OK;
}

TEST(ReadStruct, TakesAZeroSurplus) {
  const auto request = later_request();
  EXPECT_EQ(read_struct(&request.known, "the request").limit, 7U);
}

TEST(ReadStruct, RefusesWhatItDoesNotKnow) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{15}}) {
    auto request = later_request();
    request.surplus[at] = 1;
    EXPECT_EQ(status_of_reading(&request.known), HWLAB_TOO_NEW);
    // A host or an error may be longer than we know.
    EXPECT_EQ(read_covered(&request.known, "the request").limit, 7U);
  }
  auto reserved = later_request();
  reserved.known.reserved = 1;
  EXPECT_EQ(status_of_reading(&reserved.known), HWLAB_TOO_NEW);
}

TEST(ReadStruct, ReadsWhatIsNotCoveredAsZero) {
  hwlab_call call{};
  call.timeout_ms = 9;
  call.struct_size = sizeof call;
  EXPECT_EQ(read_struct(&call, "the call").timeout_ms, 9U);
  call.struct_size = offsetof(hwlab_call, timeout_ms);
  EXPECT_EQ(read_struct(&call, "the call").timeout_ms, 0U);
  hwlab_new_message message{};
  message.reserved = 1;
  message.struct_size = offsetof(hwlab_new_message, reserved);
  EXPECT_EQ(status_of_reading(&message), HWLAB_OK);
}

TEST(ReadStruct, RefusesWhatWasNotInitialised) {
  EXPECT_EQ(status_of_reading<hwlab_call>(nullptr), HWLAB_INVALID);
  for (const std::uint32_t size : {0U, 3U, absurd_size + 1, UINT32_MAX}) {
    hwlab_call call{};
    call.struct_size = size;
    EXPECT_EQ(status_of_reading(&call), HWLAB_INVALID) << size;
  }
}

struct LongerResult {
  hwlab_create_conversation_result known;
  std::array<unsigned char, 16> surplus;
};

LongerResult uninitialised_result(std::uint32_t size) {
  LongerResult result;
  std::memset(&result, 0x5a, sizeof result);
  result.known.head.struct_size = size;
  return result;
}

TEST(ResultSlot, IsClearedAtOnceAndFilledAsFarAsItGoes) {
  auto result = uninitialised_result(sizeof(hwlab_create_conversation_result) + 8);
  ResultSlot<hwlab_create_conversation_result> slot(&result.known);
  EXPECT_EQ(result.known.head.release, nullptr);
  EXPECT_EQ(result.known.started_at_us, 0);
  EXPECT_EQ(result.surplus[7], 0);
  EXPECT_EQ(result.surplus[8], 0x5a);
  slot.check();
  hwlab_create_conversation_result given{};
  given.started_at_us = 5;
  slot.fill(given);
  EXPECT_EQ(result.known.started_at_us, 5);
  EXPECT_EQ(result.known.head.struct_size, sizeof result.known + 8);
}

TEST(ResultSlot, OfAnEarlierCallerHasItsHeadOnly) {
  auto result = uninitialised_result(sizeof(hwlab_result));
  ResultSlot<hwlab_create_conversation_result> slot(&result.known);
  slot.check();
  hwlab_create_conversation_result given{};
  given.head.flags = HWLAB_EXISTED;
  given.started_at_us = 5;
  slot.fill(given);
  EXPECT_EQ(result.known.head.flags, HWLAB_EXISTED);
  EXPECT_EQ(result.known.started_at_us, 0x5a5a5a5a5a5a5a5a);
}

TEST(ResultSlot, WithoutRoomForItsHeadIsRefusedAndNotWritten) {
  for (const std::uint32_t size :
       {0U, static_cast<std::uint32_t>(sizeof(hwlab_result)) - 1, absurd_size + 1}) {
    auto result = uninitialised_result(size);
    const ResultSlot<hwlab_create_conversation_result> slot(&result.known);
    EXPECT_THROW(slot.check(), Refusal) << size;
    EXPECT_EQ(result.known.started_at_us, 0x5a5a5a5a5a5a5a5a);
  }
  const ResultSlot<hwlab_create_conversation_result> absent(nullptr);
  EXPECT_THROW(absent.check(), Refusal);
}

TEST(ResultBlock, HoldsWhatWasReckonedAndNoMore) {
  auto block = Block::make(Block::Size().text(3).array<std::int64_t>(2).array<void*>(1));
  const hwlab_text text = block->text("abc");
  std::int64_t* const numbers = block->array<std::int64_t>(2);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(numbers) % alignof(std::int64_t), 0U);
  EXPECT_EQ(numbers[0] + numbers[1], 0);
  EXPECT_EQ(block->array<void*>(1)[0], nullptr);
  EXPECT_EQ(std::string(text.data, text.size), "abc");
  EXPECT_THROW(block->array<std::int64_t>(8), std::logic_error);
}

TEST(ResultBlock, IsReleasedOnceWithTheRowsBehindIt) {
  auto rows = std::make_shared<const std::string>("rows");
  const std::weak_ptr<const std::string> watched = rows;
  hwlab_result head{};
  Block::hand_over(Block::make(Block::Size().text(1), std::move(rows)), head);
  EXPECT_FALSE(watched.expired());
  const auto release = head.release;
  release(&head);
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(head.release, nullptr);
  // A second time, or for nothing: no harm.
  release(&head);
  release(nullptr);
}

}  // namespace
}  // namespace hwlab::plugin
