// Does every exception become the status that it stands for, and is its sentence fit to be shown?
#include "plugin/barrier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "config/settings.h"
#include "plugin/refusal.h"
#include "store/error.h"

namespace hwlab::plugin {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto secret = "canary-4711";

config::Redactor knowing_the_secret() {
  const std::array<config::Secret, 1> secrets = {config::Secret(secret)};
  return config::Redactor(secrets);
}

// What a caller is told of an exception.
template <typename Exception>
hwlab_error told_of(const Exception& exception, const config::Redactor* redactor = nullptr) {
  hwlab_error error{};
  error.struct_size = sizeof error;
  EXPECT_EQ(with_barrier(&error, redactor, [&] { throw exception; }), error.status);
  EXPECT_EQ(error.struct_size, sizeof error);
  return error;
}

TEST(Barrier, SaysOkAndClearsTheError) {
  hwlab_error error;
  std::memset(&error, 0x5a, sizeof error);
  error.struct_size = sizeof error;
  EXPECT_EQ(with_barrier(&error, nullptr, [] {}), HWLAB_OK);
  EXPECT_EQ(error.status, HWLAB_OK);
  EXPECT_EQ(error.flags, 0U);
  EXPECT_EQ(error.actual_seq, 0);
  EXPECT_STREQ(error.sqlstate, "");
  EXPECT_STREQ(error.message, "");
}

TEST(Barrier, GivesEachKindOfTheStoreItsStatus) {
  using store::Kind;
  const std::array<std::pair<Kind, hwlab_status>, 10> statuses = {{
      {Kind::invalid, HWLAB_INVALID},
      {Kind::not_found, HWLAB_NOT_FOUND},
      {Kind::conflict, HWLAB_CONFLICT},
      {Kind::unavailable, HWLAB_UNAVAILABLE},
      {Kind::overloaded, HWLAB_OVERLOADED},
      {Kind::timeout, HWLAB_TIMEOUT},
      {Kind::permission, HWLAB_PERMISSION},
      {Kind::stopped, HWLAB_STOPPED},
      {Kind::config, HWLAB_CONFIG},
      {Kind::internal, HWLAB_INTERNAL},
  }};
  for (const auto& [kind, status] : statuses) {
    const auto error = told_of(store::Error(kind, "a sentence", "40P01"));
    EXPECT_EQ(error.status, status);
    EXPECT_STREQ(error.message, "a sentence");
    EXPECT_STREQ(error.sqlstate, "40P01");
    const bool may_succeed_later =
        kind == Kind::unavailable || kind == Kind::overloaded || kind == Kind::timeout;
    EXPECT_EQ(error.flags, may_succeed_later ? HWLAB_RETRYABLE : 0U) << status;
  }
}

TEST(Barrier, TellsAnUnknownOutcomeAndTheActualSeq) {
  const auto unknown =
      told_of(store::Error::unknown_outcome({store::Kind::unavailable, "it was lost", "08006"}));
  EXPECT_EQ(unknown.status, HWLAB_TIMEOUT);
  EXPECT_EQ(unknown.flags, HWLAB_RETRYABLE | HWLAB_MAYBE_APPLIED);
  EXPECT_STREQ(unknown.sqlstate, "08006");
  EXPECT_THAT(unknown.message, HasSubstr("it was lost"));
  const auto other = told_of(store::Error::other_seq(3, 5));
  EXPECT_EQ(other.status, HWLAB_CONFLICT);
  EXPECT_EQ(other.actual_seq, 5);
}

TEST(Barrier, KeepsTheStatusOfARefusal) {
  EXPECT_EQ(told_of(Refusal("mend it")).status, HWLAB_INVALID);
  const auto error = told_of(Refusal("mend it", HWLAB_TOO_NEW));
  EXPECT_EQ(error.status, HWLAB_TOO_NEW);
  EXPECT_STREQ(error.message, "mend it");
}

TEST(Barrier, SaysNothingOfWhatItDoesNotKnow) {
  const auto memory = told_of(std::bad_alloc());
  EXPECT_EQ(memory.status, HWLAB_NO_MEMORY);
  EXPECT_THAT(memory.message, HasSubstr("memory"));
  const auto defect = told_of(std::runtime_error(secret));
  EXPECT_EQ(defect.status, HWLAB_INTERNAL);
  EXPECT_THAT(defect.message, Not(HasSubstr(secret)));
  const auto stranger = told_of(42);
  EXPECT_EQ(stranger.status, HWLAB_INTERNAL);
  EXPECT_STRNE(stranger.message, "");
}

TEST(Barrier, ShowsNoSecretAndNoBrokenText) {
  const auto redactor = knowing_the_secret();
  const std::string sentence = std::string("the server says: ") + secret + " \xff!";
  for (const auto& error : {told_of(store::Error(store::Kind::unavailable, sentence), &redactor),
                            told_of(config::Error(sentence), &redactor)}) {
    EXPECT_THAT(error.message, Not(HasSubstr(secret)));
    EXPECT_THAT(error.message, HasSubstr("[redacted] \xef\xbf\xbd!"));
  }
  EXPECT_EQ(told_of(config::Error(sentence), &redactor).status, HWLAB_CONFIG);
}

TEST(Barrier, CutsALongSentenceBetweenCharacters) {
  // Three bytes each: the 479 that there is room for end within one.
  std::string sentence;
  while (sentence.size() < 1000)
    sentence += "\xe2\x82\xac";
  const auto error = told_of(store::Error(store::Kind::internal, sentence));
  EXPECT_EQ(std::string(error.message), sentence.substr(0, 477));
  // Not of characters at all, and redacted by nobody: nothing of it is whole.
  EXPECT_STREQ(told_of(store::Error(store::Kind::internal, std::string(1000, '\x80'))).message, "");
}

TEST(Barrier, WritesNoMoreThanTheErrorCovers) {
  struct Longer {
    hwlab_error error;
    std::array<unsigned char, 16> beyond;
  };
  const auto write_into = [](std::uint32_t size) {
    Longer longer;
    std::memset(&longer, 0x5a, sizeof longer);
    longer.error.struct_size = size;
    write_error(&longer.error, HWLAB_INVALID, "a sentence");
    EXPECT_EQ(longer.error.struct_size, size);
    return longer;
  };
  constexpr hwlab_status untouched = 0x5a5a5a5a;
  EXPECT_EQ(write_into(0).error.status, untouched);
  EXPECT_EQ(write_into(3).error.status, untouched);
  EXPECT_EQ(write_into(4).error.status, untouched);
  const auto head = write_into(8);
  EXPECT_EQ(head.error.status, HWLAB_INVALID);
  EXPECT_EQ(head.error.flags, 0x5a5a5a5aU);
  const auto cut = write_into(offsetof(hwlab_error, message) + 4);
  EXPECT_STREQ(cut.error.message, "a s");
  EXPECT_EQ(cut.error.message[4], 0x5a);
  const auto longer = write_into(sizeof(hwlab_error) + 8);
  EXPECT_STREQ(longer.error.message, "a sentence");
  EXPECT_EQ(longer.beyond[7], 0);
  EXPECT_EQ(longer.beyond[8], 0x5a);
  // What is no size at all is taken for the struct that we know.
  EXPECT_EQ(write_into(1'000'000).beyond[0], 0x5a);
  write_error(nullptr, HWLAB_INVALID, "a sentence");
}

}  // namespace
}  // namespace hwlab::plugin
