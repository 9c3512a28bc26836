// Build tool: writes what is made from the table of keys.
//   generate schema FILE   C++ source with the JSON Schema as constant data
//   generate page FILE     docs/configuration.md
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include "config/documents.h"

namespace {

// One literal for each line of the text, so that the source can be read.
std::string schema_source(const std::string& schema) {
  std::string source =
      "// Written by config/generate.cpp from the table of keys.\n"
      "#include \"config/schema.h\"\n\n"
      "namespace hwlab::config {\n\n"
      "const char config_schema[] =";
  std::istringstream lines(schema);
  for (std::string line; std::getline(lines, line);) {
    source += "\n    \"";
    for (const char c : line) {
      if (c == '"' || c == '\\')
        source += '\\';
      source += c;
    }
    source += "\\n\"";
  }
  return source + ";\n\n}  // namespace hwlab::config\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what != "schema" && what != "page") {
    std::cerr << "usage: generate schema|page FILE\n";
    return 64;
  }
  std::ofstream file(argv[2], std::ios::binary | std::ios::trunc);
  file << (what == "page" ? hwlab::config::reference_page()
                          : schema_source(hwlab::config::json_schema()));
  file.close();
  if (!file) {
    std::cerr << "generate: cannot write " << argv[2] << '\n';
    return 74;
  }
  return 0;
}
