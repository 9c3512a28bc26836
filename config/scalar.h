// One value of the section, read as its key in the table says.
#pragma once

#include <optional>
#include <string>

#include "config/keys.h"
#include "config/yaml_tree.h"

namespace hwlab::config {

// Either a value or a sentence about the mistake.
struct Reading {
  std::optional<Value> value;
  std::string mistake;
};

// For every key but those of `dsn`, whose values are not to be shown.
Reading read_value(const Key& key, const YamlNode& node);

// What stands there, to be shown after "got".
std::string description(const YamlNode& node);

}  // namespace hwlab::config
