// The plugin's way to its server, through a gate that can be shut.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/dsn.h"
#include "subject.h"
#include "tests/support/gate.h"

namespace hwlab::check {

// The DSN that the variable holds, as options. Throws std::runtime_error when there is none, or
// when it does not lead to one server on this machine: nothing else can be stalled from here.
[[nodiscard]] std::vector<config::ConnectionOption> server_options(const Subject& subject);

// As a keyword DSN.
[[nodiscard]] std::string to_dsn(const std::vector<config::ConnectionOption>& options);

// While it lives, the variable of the DSN leads through the gate. To be made before a plugin is
// loaded.
class Proxy {
 public:
  explicit Proxy(const Subject& subject);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  test::Gate& gate() noexcept { return *gate_; }
  // Options that are added, or take the place of others.
  void set(const std::string& keyword, const std::string& value);
  [[nodiscard]] std::string value(const std::string& keyword) const;

 private:
  void publish();

  std::string variable_;
  std::vector<config::ConnectionOption> options_;
  std::unique_ptr<test::Gate> gate_;
};

}  // namespace hwlab::check
