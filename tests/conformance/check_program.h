// hwlab-plugin-check as an author of a plugin runs it.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <stdlib.h>
#include <sys/wait.h>

namespace hwlab::test {

class CheckProgram {
 public:
  // `config` is the daemon's file.
  explicit CheckProgram(const std::string& config) {
    std::string name = (std::filesystem::temp_directory_path() / "hwlab-check-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "hwlab.yaml") << config;
  }
  CheckProgram(const CheckProgram&) = delete;
  CheckProgram& operator=(const CheckProgram&) = delete;
  ~CheckProgram() { std::filesystem::remove_all(folder_); }

  struct Ended {
    int code = -1;
    std::string text;  // stdout and stderr
    nlohmann::json json = nlohmann::json::object();

    // The names of cases with that outcome.
    [[nodiscard]] std::set<std::string> with(const std::string& outcome) const {
      std::set<std::string> names;
      for (const auto& each : json.value("cases", nlohmann::json::array()))
        if (each["outcome"] == outcome)
          names.insert(each["name"].get<std::string>());
      return names;
    }
    [[nodiscard]] std::set<std::string> failed() const { return with("failed"); }
  };
  // `arguments` as the shell reads them; --config and --json are added.
  [[nodiscard]] Ended run(const std::vector<std::string>& arguments) const {
    const auto results = folder_ / "results.json";
    std::string command = std::string(HWLAB_PLUGIN_CHECK) + " --config " +
                          (folder_ / "hwlab.yaml").string() + " --json " + results.string();
    for (const auto& argument : arguments)
      command += " " + argument;
    Ended ended;
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
      ended.text.append(buffer.data(), got);
    const int raw = ::pclose(pipe);
    ended.code = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128;
    std::ifstream file(results);
    if (file)
      ended.json = nlohmann::json::parse(file, nullptr, false);
    return ended;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace hwlab::test
