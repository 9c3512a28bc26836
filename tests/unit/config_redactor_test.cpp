// Does a known secret stay out of a text, whatever stands around it?
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "config/redactor.h"

namespace hwlab::config {
namespace {

std::vector<Secret> secrets(std::initializer_list<const char*> texts) {
  std::vector<Secret> result;
  for (const auto* text : texts)
    result.emplace_back(text);
  return result;
}

struct Case {
  std::vector<const char*> secrets;
  const char* text;
  const char* redacted;
};

TEST(Redactor, ReplacesWhatBelongsToASecretAndNothingElse) {
  const std::vector<Case> cases{
      {{}, "nothing is known", "nothing is known"},
      {{"canary"}, "", ""},
      {{"canary"}, "no bird", "no bird"},
      {{"canary"}, "canary", "[redacted]"},
      {{"canary"}, "a canary, two canary.", "a [redacted], two [redacted]."},
      {{"canary"}, "canarycanary!", "[redacted]!"},
      {{"canary"}, "canarcanary", "canar[redacted]"},
      {{"canary", "canary-7"}, "a canary-7 b", "a [redacted] b"},
      {{"canary-7", "canary"}, "a canary-7 b", "a [redacted] b"},
      {{"abcd", "cdefgh"}, "<abcdefgh>", "<[redacted]>"},
      {{"aaaa"}, "<aaaaaa>", "<[redacted]>"},
      {{"redacted"}, "redacted", "[redacted]"},
      {{"abc", ""}, "abc", "abc"},
  };
  for (const auto& c : cases) {
    Redactor redactor;
    for (const auto* secret : c.secrets)
      redactor.add(std::vector{Secret(secret)});
    EXPECT_EQ(redactor.redact(c.text), c.redacted) << c.text;
  }
}

TEST(Redactor, KnowsEarlierSecretsAfterNewOnesCame) {
  Redactor redactor(secrets({"old-password"}));
  redactor.add(secrets({"new-password"}));
  EXPECT_EQ(redactor.redact("old-password new-password"), "[redacted] [redacted]");
}

TEST(Redactor, ForgetsTheOldestWhenThereAreTooMany) {
  Redactor redactor(secrets({"first-password", "second-password"}));
  redactor.add(secrets({"first-password"}));  // now the younger of the two
  for (std::size_t i = 0; i + 1 < Redactor::most; ++i)
    redactor.add(std::vector{Secret("password-" + std::to_string(i) + "-end")});
  EXPECT_EQ(redactor.redact("second-password"), "second-password");
  EXPECT_EQ(redactor.redact("first-password"), "[redacted]");
}

TEST(Redactor, KeepsSecretsOutWhileOthersAreAdded) {
  Redactor redactor(secrets({"canary"}));
  std::atomic<bool> stop{false};
  std::atomic<int> leaks{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      while (!stop)
        leaks += redactor.redact("a canary b") != "a [redacted] b";
    });
  for (int i = 0; i < 2'000; ++i)
    redactor.add(secrets({"canary", "another"}));
  stop = true;
  for (auto& reader : readers)
    reader.join();
  EXPECT_EQ(leaks, 0);
}

}  // namespace
}  // namespace hwlab::config
