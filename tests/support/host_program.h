// hwlab-host as an operator runs it: a process, with a file of its own and a database of the test's
// own.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/plugin_fixture.h"

namespace hwlab::test {

class HostProgram : public PluginTest {
 protected:
  HostProgram() {
    std::string name = (std::filesystem::temp_directory_path() / "hwlab-e2e-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    write_config("");
  }
  ~HostProgram() override { std::filesystem::remove_all(folder_); }

  void write_config(const std::string& more) {
    std::ofstream(folder_ / "hwlab.yaml")
        << "plugins:\n  - name: conversations\n    library: " HWLAB_PLUGIN
           "\n    enabled: true\n    config:\n      dsn: { env: HWLAB_TEST_URL }\n"
        << more;
  }

  struct Ended {
    int code;
    std::string out;
    std::string err;
  };
  // `arguments` as the shell reads them.
  Ended run(const std::string& arguments) {
    const std::string errors = folder_ / "stderr";
    const std::string command = std::string(HWLAB_HOST) + " --config " +
                                (folder_ / "hwlab.yaml").string() + " " + arguments + " 2>" +
                                errors;
    Ended ended{.code = -1, .out = {}, .err = {}};
    FILE* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 65536> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
      ended.out.append(buffer.data(), got);
    ended.code = WEXITSTATUS(::pclose(pipe));
    std::ifstream file(errors);
    ended.err.assign(std::istreambuf_iterator<char>(file), {});
    return ended;
  }
  std::string new_conversation() {
    auto id = run("new --model llama3").out;
    return id.substr(0, 36);  // without the line's end
  }

  std::filesystem::path folder_;
};

}  // namespace hwlab::test
