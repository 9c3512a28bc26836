// The `dsn` section, where nothing that stands in the text is ever shown.
#pragma once

#include "config/origin.h"
#include "config/settings.h"
#include "config/yaml_tree.h"

namespace hwlab::config {

// Reads what stands under `dsn`, on this line. Throws Error.
DsnReference read_dsn_section(const YamlNode& node, int line, const Origin& origin);

// The name of a variable or the path of a file, as dsn.env and dsn.file take it.
bool is_variable_name(std::string_view text);
bool is_absolute_path(std::string_view text);

}  // namespace hwlab::config
