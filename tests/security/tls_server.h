// A server of a test's own that speaks TLS on the loopback interface.
#pragma once

#include <filesystem>
#include <string>

#include "tests/faults/cluster.h"
#include "tests/support/loopback.h"

namespace hwlab::test {

// Its certificate is for `localhost`, signed by itself, and new for each test.
class TlsServer {
 public:
  [[nodiscard]] const Cluster& cluster() const noexcept { return cluster_; }
  [[nodiscard]] Cluster& cluster() noexcept { return cluster_; }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] std::string certificate() const { return folder_ / "server.crt"; }

  TlsServer() = default;
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

 private:
  static int free_port() { return std::stoi(LoopbackListener().port()); }

  static std::filesystem::path make_certificate() {
    auto folder = own_folder();
    run_as_owner({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
                  "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                  folder / "server.key", "-out", folder / "server.crt"},
                 folder / "log");
    return folder;
  }

  std::filesystem::path folder_ = make_certificate();
  int port_ = free_port();
  Cluster cluster_{{"fsync = off", "listen_addresses = '127.0.0.1'", "ssl = on",
                    "ssl_cert_file = '" + (folder_ / "server.crt").string() + "'",
                    "ssl_key_file = '" + (folder_ / "server.key").string() + "'"},
                   port_};
};

}  // namespace hwlab::test
