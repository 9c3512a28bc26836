// Do the schema and the page say what the parser does?
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "config/documents.h"
#include "config/keys.h"
#include "config/schema.h"
#include "config/settings.h"

namespace hwlab::config {
namespace {

using nlohmann::json;

TEST(ConfigDocuments, TheCommittedPageIsTheGeneratedOne) {
  std::ifstream file(HWLAB_SOURCE_DIR "/docs/configuration.md", std::ios::binary);
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), reference_page())
      << "docs/configuration.md is out of date: build the target configuration-page";
}

TEST(ConfigDocuments, TheEmbeddedSchemaIsTheGeneratedOne) {
  EXPECT_EQ(std::string(config_schema), json_schema());
}

TEST(ConfigDocuments, TheExampleOfThePageIsTheDefaults) {
  const auto page = reference_page();
  const std::string fence = "```yaml\n";
  const auto begin = page.find(fence) + fence.size();
  const auto yaml = page.substr(begin, page.find("```", begin) - begin);
  const auto settings = parse_settings(yaml, "page");
  for (const auto& key : keys())
    EXPECT_EQ(format_value(key, key.get(settings)), default_text(key)) << key.path;
}

TEST(ConfigDocuments, TheMistakesOfThePageAreThoseOfTheParser) {
  const auto error_of = [](const char* yaml, const char* origin) -> std::string {
    try {
      parse_settings(yaml, origin);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  };
  const auto page = reference_page();
  for (const auto& error : {error_of("pool: { mx: 8 }", "hwlab.yaml:14"),
                            error_of("call_timeout: 10 sec", "hwlab.yaml:16")}) {
    ASSERT_NE(error, "");
    EXPECT_NE(page.find("\n" + error + "\n"), std::string::npos) << error;
  }
}

TEST(ConfigDocuments, TheSchemaHoldsEveryKeyOnceWithTypeAndDefault) {
  const auto schema = json::parse(config_schema);
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  std::set<std::string> paths;
  for (const auto& [name, property] : schema["properties"].items()) {
    EXPECT_TRUE(property.contains("description")) << name;
    if (!property.contains("properties")) {
      paths.insert(name);
      continue;
    }
    EXPECT_EQ(property["additionalProperties"], false) << name;
    for (const auto& inner : property["properties"].items())
      paths.insert(name + '.' + inner.key());
  }
  EXPECT_EQ(paths.size(), keys().size());
  for (const auto& key : keys()) {
    EXPECT_TRUE(paths.contains(std::string(key.path))) << key.path;
    if (key.section() == "dsn")
      continue;
    const auto& parent =
        key.section().empty() ? schema : schema["properties"][std::string(key.section())];
    const auto& property = parent["properties"][std::string(key.name())];
    const auto& standard = property.at("default");
    EXPECT_EQ(standard.is_string() ? standard.get<std::string>() : standard.dump(),
              default_text(key));
  }
}

TEST(ConfigDocuments, EveryDefaultIsWithinItsRange) {
  for (const auto& key : keys()) {
    if (key.most == 0)
      continue;
    const auto amount = key.get(Settings{}).amount;
    EXPECT_LE(key.least, amount) << key.path;
    EXPECT_GE(key.most, amount) << key.path;
  }
}

}  // namespace
}  // namespace hwlab::config
