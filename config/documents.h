// What is written from the table of keys at build time.
#pragma once

#include <string>

namespace hwlab::config {

// The JSON Schema of the section (draft 2020-12), as text with line ends.
std::string json_schema();

// The reference page, docs/configuration.md.
std::string reference_page();

}  // namespace hwlab::config
