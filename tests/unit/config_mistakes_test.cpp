// Does each mistake end in a sentence that tells an operator what to do?
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace hwlab::config {
namespace {

struct Mistake {
  const char* yaml;
  const char* sentence;
};

std::string error_of(std::string_view yaml, std::string_view origin) {
  try {
    parse_settings(yaml, origin);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_sentences(std::span<const Mistake> mistakes) {
  for (const auto& mistake : mistakes)
    EXPECT_EQ(error_of(mistake.yaml, "hwlab.yaml:12"), mistake.sentence) << mistake.yaml;
}

#define POOL_KEYS "max, min, idle_timeout, max_lifetime, connect_timeout"
#define DURATION "a duration from 1ms to 1h with its unit (ms, s, m or h)"
#define CONTENT "a size from 1B to 512MiB with its unit (B, KiB, MiB or GiB)"
#define LITERAL                                                                                \
  "a DSN is not accepted here, since secrets do not live in YAML; put it into an environment " \
  "variable or a file and write { env: HWLAB_DATABASE_URL } or { file: /path/of/file }"
#define VARIABLE "the name of an environment variable (letters, digits and _, no digit first)"
#define NAME "a name of 1 to 63 bytes that does not start with pg_ and holds no control character"

constexpr Mistake keys_and_types[] = {
    {"pool:\n  mx: 4", "hwlab.yaml:13: pool.mx: unknown key; did you mean pool.max?"},
    {"call_timout: 4s", "hwlab.yaml:12: call_timout: unknown key; did you mean call_timeout?"},
    {"max_batch: 4", "hwlab.yaml:12: max_batch: unknown key; did you mean append.max_batch?"},
    {"pol: {}", "hwlab.yaml:12: pol: unknown key; did you mean pool?"},
    {"pool: { colour: red }",
     "hwlab.yaml:12: pool.colour: unknown key; expected one of " POOL_KEYS},
    {"pool.max: 4",
     "hwlab.yaml:12: pool.max: unknown key; expected one of dsn, startup, schema, pool, "
     "call_timeout, "
     "append, limits, prepared_statements, log_level"},
    {"pool: { \"two words\": 1 }",
     "hwlab.yaml:12: pool: unknown key, not shown since it does not look like one; expected one "
     "of " POOL_KEYS},
    {"pool:\n  max: 4\n  min: 1\n  max: 5",
     "hwlab.yaml:15: pool.max: given twice, first on line 13"},
    {"startup: lazy\n\nstartup: lazy", "hwlab.yaml:14: startup: given twice, first on line 12"},
    {"pool: { max: 3 }\npool: { min: 1 }", "hwlab.yaml:13: pool: given twice, first on line 12"},
    {"pool: { max: many }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got \"many\""},
    {"pool: { max: '4' }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got \"4\"; write it without "
     "quotes"},
    {"pool: { max: 4.0 }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got \"4.0\""},
    {"pool: { max: 010 }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got \"010\""},
    {"pool: { max: [4] }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got a list"},
    {"pool: { max: { a: 1 } }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got a mapping"},
    {"pool: { max: }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got nothing; leave the key "
     "out "
     "to get its default, 4"},
    {"pool: 4", "hwlab.yaml:12: pool: expected a mapping such as { max: 4 }, got \"4\""},
    {"schema: lab",
     "hwlab.yaml:12: schema: expected a mapping such as { name: public }, got \"lab\""},
    {"pool:",
     "hwlab.yaml:12: pool: expected a mapping such as { max: 4 }, got nothing; leave the key "
     "out to get its defaults"},
    {"- pool", "hwlab.yaml:12: expected a mapping of keys, got a list"},
    {"\npool", "hwlab.yaml:13: expected a mapping of keys, got a text"},
    {"startup: verfy",
     "hwlab.yaml:12: startup: expected verify or lazy, got \"verfy\"; did you mean verify?"},
    {"log_level: loud",
     "hwlab.yaml:12: log_level: expected trace, debug, info, warn, error, critical or off, got "
     "\"loud\""},
    {"log_level: Info",
     "hwlab.yaml:12: log_level: expected trace, debug, info, warn, error, critical or off, got "
     "\"Info\"; did you mean info?"},
    {"schema: { migrate: false }",
     "hwlab.yaml:12: schema.migrate: expected auto, verify or off, got \"false\"; did you mean "
     "\"off\", "
     "in quotes since some YAML readers turn the bare word into false?"},
    {"schema: { name: 123 }", "hwlab.yaml:12: schema.name: expected " NAME
                              ", got \"123\", which is no text unless it stands in quotes"},
    {"schema: { name: pg_mine }", "hwlab.yaml:12: schema.name: expected " NAME ", got \"pg_mine\""},
    {"schema: { name: \"\" }", "hwlab.yaml:12: schema.name: expected " NAME ", got \"\""},
    {"schema: { name: \"a\\0b\" }", "hwlab.yaml:12: schema.name: expected " NAME ", got \"a?b\""},
    {"schema: { name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }",
     "hwlab.yaml:12: schema.name: expected " NAME
     ", got \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\""},
};
TEST(ConfigMistakes, AboutKeysAndTypesGetTheirSentence) {
  expect_sentences(keys_and_types);
}

constexpr Mistake units_and_ranges[] = {
    {"call_timeout: 10 sec",
     "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"10 sec\"; did you mean 10s?"},
    {"call_timeout: 10", "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"10\""},
    {"call_timeout: 2 Minutes",
     "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"2 Minutes\"; did you mean 2m?"},
    {"call_timeout: 1.5s", "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"1.5s\""},
    {"call_timeout: -1s", "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"-1s\""},
    {"call_timeout: 0", "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"0\""},
    {"call_timeout: 2h", "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"2h\""},
    {"call_timeout: 99999999999999999999h",
     "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"99999999999999999999h\""},
    {"call_timeout: 10d", "hwlab.yaml:12: call_timeout: expected " DURATION ", got \"10d\""},
    {"limits: { content: 16MB }",
     "hwlab.yaml:12: limits.content: expected " CONTENT ", got \"16MB\"; did you mean 16MiB?"},
    {"limits: { content: 16 MiB }",
     "hwlab.yaml:12: limits.content: expected " CONTENT ", got \"16 MiB\"; did you mean 16MiB?"},
    {"limits: { content: 1GiB }",
     "hwlab.yaml:12: limits.content: expected " CONTENT ", got \"1GiB\""},
    {"limits: { content: 0 }", "hwlab.yaml:12: limits.content: expected " CONTENT ", got \"0\""},
    {"pool: { max: 1000 }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got \"1000\""},
    {"pool: { max: 99999999999999999999 }",
     "hwlab.yaml:12: pool.max: expected a whole number from 1 to 256, got "
     "\"99999999999999999999\""},
    {"pool: { min: 8 }",
     "hwlab.yaml:12: pool.min: expected at most pool.max (4, its default), got 8"},
    {"pool:\n  max: 2\n  min: 3", "hwlab.yaml:14: pool.min: expected at most pool.max (2), got 3"},
    {"append: { max_waiting: 100 }",
     "hwlab.yaml:12: append.max_waiting: expected at least append.max_batch (256, its default), "
     "got 100"},
    {"append: { max_batch_bytes: 128MiB }",
     "hwlab.yaml:12: append.max_batch_bytes: expected at most append.max_waiting_bytes (64MiB, its "
     "default), got 128MiB"},
    {"limits: { content: 64MiB }",
     "hwlab.yaml:12: limits.content: expected append.max_waiting_bytes (64MiB, its default) to be "
     "at "
     "least limits.content (64MiB) and limits.metadata (64KiB, its default) together"},
};
TEST(ConfigMistakes, AboutUnitsAndRangesGetTheirSentence) {
  expect_sentences(units_and_ranges);
}

constexpr Mistake dsn_section[] = {
    {"dsn: postgresql://lab:canary-7@db/lab", "hwlab.yaml:12: dsn: " LITERAL},
    {"dsn: canary-7", "hwlab.yaml:12: dsn: " LITERAL},
    {"dsn: [canary-7]", "hwlab.yaml:12: dsn: " LITERAL},
    {"dsn: { postgresql://lab:canary-7@db/lab }", "hwlab.yaml:12: dsn: " LITERAL},
    {"dsn: { host: db, password: canary-7 }", "hwlab.yaml:12: dsn: " LITERAL},
    {"dsn: { value: host=db password=canary-7 }", "hwlab.yaml:12: dsn: " LITERAL},
    {"dsn:\n  env: postgresql://lab:canary-7@db/lab", "hwlab.yaml:13: dsn.env: " LITERAL},
    {"dsn:\n  file: host=db password=canary-7", "hwlab.yaml:13: dsn.file: " LITERAL},
    {"dsn: { canary-7: X }", "hwlab.yaml:12: dsn: expected env or file, got another key"},
    {"dsn: { evn: X }",
     "hwlab.yaml:12: dsn: expected env or file, got another key; did you mean env?"},
    {"dsn: { environment: X }",
     "hwlab.yaml:12: dsn: expected env or file, got another key; did you mean env?"},
    {"dsn:\n  env: X\n  file: /x", "hwlab.yaml:14: dsn: expected one of env and file, got both"},
    {"dsn: {}",
     "hwlab.yaml:12: dsn: expected env or file, got neither; write { env: "
     "HWLAB_DATABASE_URL } or { file: /path/of/file }"},
    {"dsn:",
     "hwlab.yaml:12: dsn: expected a mapping such as { env: HWLAB_DATABASE_URL }, got nothing; "
     "leave the key out to get its default"},
    {"dsn:\n  env: A\n  env: B", "hwlab.yaml:14: dsn.env: given twice, first on line 13"},
    {"dsn: { env: }", "hwlab.yaml:12: dsn.env: expected " VARIABLE ", got nothing"},
    {"dsn: { env: [canary-7] }", "hwlab.yaml:12: dsn.env: expected " VARIABLE ", got a list"},
    {"dsn: { env: canary-7 }", "hwlab.yaml:12: dsn.env: expected " VARIABLE},
    {"dsn: { env: $DSN }",
     "hwlab.yaml:12: dsn.env: expected " VARIABLE "; write the name without the $"},
    {"dsn: { file: dsn.txt }",
     "hwlab.yaml:12: dsn.file: expected the absolute path of a file, without control characters"},
    {"dsn: { file: ~/dsn.txt }",
     "hwlab.yaml:12: dsn.file: expected the absolute path of a file, without control characters; ~ "
     "is "
     "not expanded here"},
    {"database_url: postgresql://lab:canary-7@db/lab",
     "hwlab.yaml:12: database_url: unknown key; expected one of dsn, startup, schema, pool, "
     "call_timeout, append, limits, prepared_statements, log_level"},
    {"startup: postgresql://lab:canary-7@db/lab",
     "hwlab.yaml:12: startup: expected verify or lazy, got a text that is not shown, since it "
     "looks "
     "like a DSN"},
};
TEST(ConfigMistakes, AboutTheDsnGetTheirSentenceAndNothingOfItIsShown) {
  expect_sentences(dsn_section);
  for (const auto& mistake : dsn_section)
    EXPECT_EQ(std::string_view(mistake.sentence).find("canary"), std::string_view::npos);
}

constexpr Mistake no_such_yaml[] = {
    {"pool: { max: 4", "hwlab.yaml:12: no valid YAML here (end of map flow not found)"},
    {"pool:\n\tmax: 4",
     "hwlab.yaml:13: no valid YAML here (a tab in the indentation; YAML wants spaces)"},
    {"startup: lazy\n---\nstartup: lazy",
     "hwlab.yaml:13: expected one YAML document, got a second one here"},
    {"pool: &p { max: 4 }",
     "hwlab.yaml:12: anchors and aliases are not supported; write the value out"},
    {"startup: *canary",
     "hwlab.yaml:12: anchors and aliases are not supported; write the value out"},
    {"pool: { <<: { max: 4 } }", "hwlab.yaml:12: merge keys are not supported; write the keys out"},
    {"pool: { max: !!int 4 }",
     "hwlab.yaml:12: tags are not supported; write the value without one"},
    {"? [a]\n: 1", "hwlab.yaml:12: expected the name of a key here"},
    {"pool:\n  max: 4\n \tmin: 1",
     "hwlab.yaml:14: no valid YAML here (a tab in the indentation; YAML wants spaces)"},
    {"startup: \"\\q\"", "hwlab.yaml:12: no valid YAML here (unknown escape character)"},
};
TEST(ConfigMistakes, InTheYamlItselfGetTheirSentence) {
  expect_sentences(no_such_yaml);
}

struct OriginCase {
  const char* origin;
  const char* sentence;
};

constexpr OriginCase origins[] = {
    {"hwlab.yaml:1", "hwlab.yaml:2: startup: given twice, first on line 1"},
    {"/etc/hwlab.yaml:120", "/etc/hwlab.yaml:121: startup: given twice, first on line 120"},
    {"hwlab.yaml", "hwlab.yaml: startup: given twice"},
    {"C:/lab/hwlab.yaml:7", "C:/lab/hwlab.yaml:8: startup: given twice, first on line 7"},
    {"C:/lab/hwlab.yaml", "C:/lab/hwlab.yaml: startup: given twice"},
    {"odd:name:", "odd:name:: startup: given twice"},
    {"hwlab.yaml:0", "hwlab.yaml:0: startup: given twice"},
    {"hwlab.yaml:99999999999999999999", "hwlab.yaml:99999999999999999999: startup: given twice"},
    {"", "configuration: startup: given twice"},
};
TEST(ConfigMistakes, NameTheLineWhereLinesAreKnown) {
  for (const auto& origin : origins)
    EXPECT_EQ(error_of("startup: lazy\nstartup: lazy", origin.origin), origin.sentence);
}

}  // namespace
}  // namespace hwlab::config
