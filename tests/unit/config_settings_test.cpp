// Does a correct section become the settings it says?
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "config/keys.h"
#include "config/settings.h"

namespace hwlab::config {
namespace {

using namespace std::chrono_literals;

Settings parse(std::string_view yaml) {
  return parse_settings(yaml, "hwlab.yaml:1");
}

void expect_equal(const Settings& left, const Settings& right) {
  for (const auto& key : keys())
    EXPECT_EQ(format_value(key, key.get(left)), format_value(key, key.get(right))) << key.path;
}

TEST(ConfigSettings, AnEmptySectionGivesTheDefaults) {
  for (const auto* yaml : {"", "\n\n", "# only a remark\n", "{}", "null", "~", "---\n...\n"}) {
    SCOPED_TRACE(yaml);
    expect_equal(parse(yaml), Settings{});
  }
}

TEST(ConfigSettings, ASectionWithoutKeysGivesItsDefaults) {
  expect_equal(parse("pool: {}\nschema: {}\n"), Settings{});
}

TEST(ConfigSettings, TheDefaultsAreThoseThatAreDocumented) {
  const Settings settings = parse("");
  EXPECT_EQ(settings.dsn.kind, DsnReference::Kind::environment);
  EXPECT_EQ(settings.dsn.name, "HWLAB_DATABASE_URL");
  EXPECT_EQ(settings.startup, Startup::verify);
  EXPECT_EQ(settings.schema.name, "public");
  EXPECT_EQ(settings.schema.migrate, Migrate::automatic);
  EXPECT_EQ(settings.schema.lock_timeout, 2s);
  EXPECT_EQ(settings.pool.max, 4);
  EXPECT_EQ(settings.pool.min, 1);
  EXPECT_EQ(settings.pool.idle_timeout, 10min);
  EXPECT_EQ(settings.pool.max_lifetime, 30min);
  EXPECT_EQ(settings.pool.connect_timeout, 5s);
  EXPECT_EQ(settings.call_timeout, 10s);
  EXPECT_EQ(settings.append.max_batch, 256U);
  EXPECT_EQ(settings.append.max_batch_bytes, 1U << 20);
  EXPECT_EQ(settings.append.max_waiting, 1024U);
  EXPECT_EQ(settings.append.max_waiting_bytes, 64U << 20);
  EXPECT_EQ(settings.limits.content, 16U << 20);
  EXPECT_EQ(settings.limits.metadata, 64U << 10);
  EXPECT_EQ(settings.prepared_statements, PreparedStatements::automatic);
  EXPECT_EQ(settings.log_level, LogLevel::info);
}

TEST(ConfigSettings, EveryKeyIsTaken) {
  const Settings settings = parse(R"(
    dsn: { file: /run/credentials/hwlab.service/dsn }
    startup: lazy
    schema: { name: "Lab ☃", migrate: verify, lock_timeout: 250ms }
    pool: { max: 8, min: 0, idle_timeout: 1m, max_lifetime: 2h, connect_timeout: 3s }
    call_timeout: 1500ms
    append: { max_batch: 16, max_batch_bytes: 64KiB, max_waiting: 32, max_waiting_bytes: 128MiB }
    limits: { content: 1MiB, metadata: 0 }
    prepared_statements: off
    log_level: trace
)");
  EXPECT_EQ(settings.dsn.kind, DsnReference::Kind::file);
  EXPECT_EQ(settings.dsn.name, "/run/credentials/hwlab.service/dsn");
  EXPECT_EQ(settings.startup, Startup::lazy);
  EXPECT_EQ(settings.schema.name, "Lab ☃");
  EXPECT_EQ(settings.schema.migrate, Migrate::verify);
  EXPECT_EQ(settings.schema.lock_timeout, 250ms);
  EXPECT_EQ(settings.pool.max, 8);
  EXPECT_EQ(settings.pool.min, 0);
  EXPECT_EQ(settings.pool.idle_timeout, 1min);
  EXPECT_EQ(settings.pool.max_lifetime, 2h);
  EXPECT_EQ(settings.pool.connect_timeout, 3s);
  EXPECT_EQ(settings.call_timeout, 1500ms);
  EXPECT_EQ(settings.append.max_batch, 16U);
  EXPECT_EQ(settings.append.max_batch_bytes, 64U << 10);
  EXPECT_EQ(settings.append.max_waiting, 32U);
  EXPECT_EQ(settings.append.max_waiting_bytes, 128U << 20);
  EXPECT_EQ(settings.limits.content, 1U << 20);
  EXPECT_EQ(settings.limits.metadata, 0U);
  EXPECT_EQ(settings.prepared_statements, PreparedStatements::off);
  EXPECT_EQ(settings.log_level, LogLevel::trace);
}

TEST(ConfigSettings, EveryChoiceOfEveryKeyIsTaken) {
  for (const auto& key : keys()) {
    for (std::size_t i = 0; i < key.choices.size(); ++i) {
      const auto inner = std::string(key.name()) + ": " + std::string(key.choices[i]);
      const auto yaml =
          key.section().empty() ? inner : std::string(key.section()) + ": { " + inner + " }";
      EXPECT_EQ(key.get(parse(yaml)).amount, static_cast<std::int64_t>(i)) << yaml;
    }
  }
}

TEST(ConfigSettings, BothEndsOfEveryRangeAreTaken) {
  for (const auto& key : keys()) {
    if (key.most == 0)
      continue;
    for (const auto end : {key.least, key.most}) {
      auto text = format_value(key, {.amount = end});
      // Room on the other side of the checks across keys.
      const std::string path(key.path);
      std::string room;
      if (path == "pool.min")
        room = ", max: 256";
      else if (path == "pool.max")
        room = ", min: 0";
      else if (path == "append.max_batch")
        room = ", max_waiting: 10000";
      else if (path == "append.max_waiting")
        room = ", max_batch: 1";
      else if (path == "append.max_batch_bytes")
        room = ", max_waiting_bytes: 1GiB";
      else if (path == "append.max_waiting_bytes")
        room = ", max_batch_bytes: 1KiB";
      auto inner = std::string(key.name()) + ": " + text + room;
      auto yaml =
          key.section().empty() ? inner : std::string(key.section()) + ": { " + inner + " }";
      if (path == "append.max_waiting_bytes")
        yaml += "\nlimits: { content: 512B, metadata: 512B }";
      if (key.section() == "limits")
        yaml += "\nappend: { max_waiting_bytes: 1GiB }";
      EXPECT_EQ(key.get(parse(yaml)).amount, end) << yaml;
    }
  }
}

TEST(ConfigSettings, QuotedValuesAreTextsAsPlainOnesAre) {
  const Settings settings =
      parse("call_timeout: \"20s\"\nschema: { name: '123', migrate: \"off\" }");
  EXPECT_EQ(settings.call_timeout, 20s);
  EXPECT_EQ(settings.schema.name, "123");
  EXPECT_EQ(settings.schema.migrate, Migrate::off);
}

TEST(ConfigSettings, ByteOrderMarkCarriageReturnsAndIndentationDoNotMatter) {
  const Settings settings =
      parse("\xEF\xBB\xBF    pool:\r\n      max: 9\r\n    call_timeout: 3s\r\n");
  EXPECT_EQ(settings.pool.max, 9);
  EXPECT_EQ(settings.call_timeout, 3s);
}

}  // namespace
}  // namespace hwlab::config
