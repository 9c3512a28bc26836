// A place for DSN files and variables, which are gone after the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "config/dsn.h"

namespace hwlab::config {

class DsnTest : public testing::Test {
 protected:
  static constexpr const char* variable = "HWLAB_CONFIG_TEST_DSN";

  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "hwlab-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    ::unsetenv(variable);
    ::unsetenv("PGPASSWORD");
  }

  void TearDown() override {
    std::filesystem::remove_all(folder_);
    ::unsetenv(variable);
    ::unsetenv("PGPASSWORD");
  }

  // The path of a new file.
  std::string file(std::string_view content, mode_t mode = 0600) const {
    const auto path = (folder_ / "dsn").string();
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  static Dsn from_file(const std::string& path) {
    return resolve_dsn({.kind = DsnReference::Kind::file, .name = path});
  }

  static Dsn from_variable(const std::string& text) {
    ::setenv(variable, text.c_str(), 1);
    return resolve_dsn({.kind = DsnReference::Kind::environment, .name = variable});
  }

  static std::string error_of(const DsnReference& reference) {
    try {
      resolve_dsn(reference);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  static std::string error_of_file(const std::string& path) {
    return error_of({.kind = DsnReference::Kind::file, .name = path});
  }

  static std::string error_of_text(const std::string& text) {
    ::setenv(variable, text.c_str(), 1);
    return error_of({.kind = DsnReference::Kind::environment, .name = variable});
  }

  std::filesystem::path folder_;
};

}  // namespace hwlab::config
