// Are the texts that the store makes and takes exactly what they should be?
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>

#include "store/backoff.h"
#include "store/binary_array.h"
#include "store/cursor.h"
#include "store/migration.h"
#include "store/statements.h"
#include "store/uuid.h"

namespace hwlab::store {
namespace {

constexpr std::string_view some_id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";

TEST(Uuid, IsReadInItsCanonicalFormOnly) {
  EXPECT_EQ(to_text(parse_uuid(some_id).value()), some_id);
  EXPECT_EQ(to_text(parse_uuid("6A4D1C0E-5F7B-4A39-9D3E-2B8F0C1D7E55").value()), some_id);
  for (const std::string_view text :
       {"", "6a4d1c0e", "6a4d1c0e5f7b4a399d3e2b8f0c1d7e55",
        "{6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55}", "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e5",
        "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e5g", "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55 ",
        "6a4d1c0e-5f7b-4a39-9d3e 2b8f0c1d7e55", "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d-e55"})
    EXPECT_FALSE(parse_uuid(text).has_value()) << text;
}

TEST(Uuid, IsNewEachTime) {
  std::set<Uuid> ids;
  for (int i = 0; i < 10'000; ++i)
    ids.insert(new_uuid());
  EXPECT_EQ(ids.size(), 10'000U);
}

TEST(Cursor, ComesBackAsItWasMade) {
  for (const Order order : {Order::started, Order::active}) {
    for (const Micros at : {Micros{0}, Micros{-1}, Micros{1'700'000'000'123'456}}) {
      const auto cursor = parse_cursor(to_text(Cursor{order, at, parse_uuid(some_id).value()}));
      ASSERT_TRUE(cursor.has_value());
      EXPECT_EQ(cursor->order, order);
      EXPECT_EQ(cursor->at, at);
      EXPECT_EQ(to_text(cursor->id), some_id);
    }
  }
}

TEST(Cursor, IsRefusedWhenItWasChanged) {
  const std::string id(some_id);
  for (const std::string& text :
       {std::string(), std::string("s."), "x.1." + id, "s..1." + id, "s.01." + id, "s.+1." + id,
        "s.1" + id, "s.1." + id + "0", "s. 1." + id,
        std::string("s.1.6A4D1C0E-5F7B-4A39-9D3E-2B8F0C1D7E55"), "s.99999999999999999999." + id,
        "s.1;" + id})
    EXPECT_FALSE(parse_cursor(text).has_value()) << text;
}

TEST(Uuid, TellsItsTimeAndItsVersion) {
  using namespace std::chrono;
  const auto milliseconds_now = [] {
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  };
  const auto before = milliseconds_now();
  const Uuid id = new_uuid();
  const auto after = milliseconds_now();
  std::int64_t time = 0;
  for (int i = 0; i < 6; ++i)
    time = time * 256 + id.data[i];
  EXPECT_GE(time, before);
  EXPECT_LE(time, after);
  EXPECT_EQ(to_text(id)[14], '7');
  EXPECT_EQ(id.variant(), boost::uuids::uuid::variant_rfc_4122);
}

std::string bytes(std::initializer_list<int> values) {
  return {values.begin(), values.end()};
}

TEST(BinaryArray, HoldsElementsAndNulls) {
  BinaryArray<std::string_view> texts;
  texts.add(std::string_view("ab"));
  texts.add(std::optional<std::string_view>());
  texts.add(std::string_view(""));
  EXPECT_EQ(texts.finish().bytes,
            bytes({0, 0, 0, 1, 0, 0, 0, 1,   0,   0,  0,  25, 0,  0, 0, 3, 0,
                   0, 0, 1, 0, 0, 0, 2, 'a', 'b', -1, -1, -1, -1, 0, 0, 0, 0}));
  BinaryArray<std::int32_t> numbers;
  numbers.add(-2);
  EXPECT_EQ(numbers.finish().bytes, bytes({0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,  23, 0,  0,
                                           0, 1, 0, 0, 0, 1, 0, 0, 0, 4, -1, -1, -1, -2}));
}

TEST(BinaryArray, OfNothingButNullsIsEmpty) {
  BinaryArray<std::int64_t> numbers;
  numbers.add(std::optional<std::int64_t>());
  EXPECT_EQ(numbers.finish().bytes, bytes({0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 20}));
  EXPECT_EQ(BinaryArray<Uuid>().finish().bytes.size(), 12U);
}

TEST(InSchema, QuotesTheName) {
  EXPECT_EQ(in_schema("select {schema}.a, {schema}.b", "lab"), R"(select "lab".a, "lab".b)");
  EXPECT_EQ(in_schema("{schema}", R"(we"ird)"), R"("we""ird")");
  EXPECT_EQ(in_schema("nothing", "lab"), "nothing");
}

TEST(Statements, HaveNamesThatDependOnTheirText) {
  const Statements here("public");
  const Statements there("other");
  EXPECT_NE(here.append_one.name, there.append_one.name);
  EXPECT_EQ(here.append_one.name, Statements("public").append_one.name);
  EXPECT_LT(here.append_one.name.size(), 64U) << "PostgreSQL would cut it";
}

TEST(Migrations, AreNumberedFromOneWithoutAGap) {
  int expected = 1;
  for (const Migration& migration : embedded_migrations()) {
    EXPECT_EQ(migration.version, expected++);
    EXPECT_EQ(migration.sha256.size(), 64U);
    EXPECT_FALSE(migration.sql.empty());
  }
  EXPECT_GT(expected, 1);
}

TEST(Backoff, DoublesUpToItsMostAndStaysWithinHalfAndWhole) {
  using std::chrono::milliseconds;
  Backoff backoff(milliseconds(10), milliseconds(40));
  for (const int span : {10, 20, 40, 40}) {
    const auto pause = backoff.next();
    EXPECT_GE(pause, milliseconds(span / 2));
    EXPECT_LE(pause, milliseconds(span));
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(10));
}

}  // namespace
}  // namespace hwlab::store
