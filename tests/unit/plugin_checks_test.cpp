// Is refused what a request must not hold, and is the text at fault kept out of the sentence?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "plugin/checks.h"
#include "plugin/json_check.h"
#include "plugin/refusal.h"

namespace hwlab::plugin {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view some_id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";

hwlab_text text_of(std::string_view text) {
  return {text.data(), text.size()};
}

// The sentence that `check` refuses with; empty when it takes what it is given.
template <typename Check>
std::string refusal_of(Check check) {
  try {
    static_cast<void>(check());
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.status(), HWLAB_INVALID);
    return refusal.what();
  }
  return {};
}

TEST(CheckText, TellsAbsentFromEmpty) {
  EXPECT_EQ(check_text({}, "the title", 8), std::nullopt);
  EXPECT_EQ(check_text(text_of(""), "the title", 8), "");
  EXPECT_EQ(check_text(text_of("gr\xc3\xbc\xc3\x9f"), "the title", 8), "gr\xc3\xbc\xc3\x9f");
}

TEST(CheckText, RefusesWhatPostgresqlCannotStore) {
  const auto refused = [](hwlab_text text) {
    return refusal_of([&] { return check_text(text, "the title", 8); });
  };
  EXPECT_THAT(refused({nullptr, 3}), HasSubstr("the title is a null pointer"));
  EXPECT_THAT(refused(text_of("123456789")), HasSubstr("has 9 bytes; at most 8"));
  EXPECT_THAT(refused({"a\0b", 3}), HasSubstr("U+0000"));
  EXPECT_THAT(refused(text_of("can\xff")), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refused(text_of("can\xc3")), Not(HasSubstr("can\xc3")));
  EXPECT_EQ(refused(text_of("12345678")), "");
}

TEST(CheckPresent, RefusesWhatIsAbsentOnly) {
  EXPECT_EQ(check_present(text_of(""), "the content", 8), "");
  EXPECT_EQ(refusal_of([] { return check_present({}, "the content", 8); }),
            "the content is absent");
}

TEST(CheckId, TakesTheCanonicalFormOnly) {
  EXPECT_EQ(store::to_text(check_id(text_of(some_id), "the id")), some_id);
  EXPECT_EQ(refusal_of([] { return check_id({}, "the id"); }), "the id is absent");
  for (const std::string_view text : {std::string_view(""), some_id.substr(1),
                                      std::string_view("6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e5x")})
    EXPECT_THAT(refusal_of([&] { return check_id(text_of(text), "the id"); }),
                HasSubstr("the id is not a UUID"));
}

TEST(CheckIdOrMake, MakesOneForAnAbsentIdOnly) {
  EXPECT_NE(check_id_or_make({}, "the id"), check_id_or_make({}, "the id"));
  EXPECT_EQ(store::to_text(check_id_or_make(text_of(some_id), "the id")), some_id);
  EXPECT_EQ(refusal_of([] {
              return check_id_or_make({nullptr, 36}, "the id");
            }),
            "the id is absent");
  EXPECT_THAT(refusal_of([] { return check_id_or_make(text_of(""), "the id"); }),
              HasSubstr("is not a UUID"));
}

TEST(CheckRole, TakesThreeRoles) {
  for (const std::string_view role : {"user", "assistant", "system"})
    EXPECT_EQ(check_role(text_of(role)), role);
  const std::string long_role(65, 'r');
  for (const hwlab_text& role : {hwlab_text{}, text_of(""), text_of("User"), text_of("tool"),
                                 text_of("assistant "), text_of(long_role)})
    EXPECT_EQ(refusal_of([&] { return check_role(role); }),
              "the role must be user, assistant or system");
}

TEST(CheckTime, KeepsToTheYearsThatCanBeWritten) {
  EXPECT_EQ(check_time(0, "created_at_us"), std::nullopt);
  for (const std::int64_t time : {std::int64_t{-62'135'596'800'000'000}, std::int64_t{-1},
                                  std::int64_t{1}, std::int64_t{253'402'300'799'999'999}})
    EXPECT_EQ(check_time(time, "created_at_us"), time);
  for (const std::int64_t time : {std::int64_t{-62'135'596'800'000'001},
                                  std::int64_t{253'402'300'800'000'000}, INT64_MIN, INT64_MAX})
    EXPECT_THAT(refusal_of([&] { return check_time(time, "created_at_us"); }),
                HasSubstr("created_at_us is not within the years"));
}

TEST(CheckMetadata, TakesAnyObject) {
  EXPECT_EQ(check_metadata({}, 100), std::nullopt);
  const std::string_view all =
      R"({"a": null, "b": [true, 1, -1, 2.5, "x", {"c": {}}], "": "", "d": [[]]})";
  EXPECT_EQ(check_metadata(text_of(all), 100), all);
  EXPECT_THAT(refusal_of([&] { return check_metadata(text_of(all), 10); }),
              HasSubstr("at most 10"));
}

TEST(CheckMetadata, RefusesEveryOtherValue) {
  for (const std::string_view text :
       {"null", "true", "1", "-1", "2.5", R"("canary")", "[]", "[{}]"})
    EXPECT_EQ(refusal_of([&] { return check_metadata(text_of(text), 100); }),
              "metadata must be a JSON object")
        << text;
  for (const std::string_view text :
       {"", "{", "{}{}", R"({"a":})", R"({"a" 1})", "{'canary': 1}"}) {
    const auto refused = refusal_of([&] { return check_metadata(text_of(text), 100); });
    EXPECT_THAT(refused, HasSubstr("metadata is not valid JSON at byte")) << text;
    EXPECT_THAT(refused, Not(HasSubstr("canary")));
  }
}

TEST(CheckMetadata, RefusesAnEscapedNulInValuesAndInKeys) {
  for (const std::string_view text : {R"({"a": "\u0000"})", R"({"a": ["x\u0000y"]})",
                                      R"({"\u0000": 1})", R"({"a": {"b\u0000": 1}})"})
    EXPECT_THAT(refusal_of([&] { return check_metadata(text_of(text), 100); }), HasSubstr("U+0000"))
        << text;
}

TEST(CheckMetadata, RefusesWhatIsTooDeep) {
  const auto nested = [](std::size_t arrays) {
    return R"({"a":)" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
  };
  EXPECT_EQ(refusal_of([&] { return check_json_object(nested(127)), 0; }), "");
  EXPECT_THAT(refusal_of([&] { return check_json_object(nested(128)), 0; }),
              HasSubstr("nested more than 128 deep"));
}

}  // namespace
}  // namespace hwlab::plugin
