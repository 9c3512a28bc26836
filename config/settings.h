// The settings of the plugin: the YAML text of its section as a plain struct.
#pragma once

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hwlab::config {

// Where the DSN is found. The DSN itself never stands in YAML.
struct DsnReference {
  enum class Kind { environment, file };
  Kind kind = Kind::environment;
  std::string name = "HWLAB_DATABASE_URL";  // of the variable, or absolute path of the file
  std::string
      origin{};  // where the reference stands, "FILE:LINE" or "FILE", for errors; may be empty
};

// The order of these enumerators is the order of their words in the table of keys (keys.cpp).
enum class Startup { verify, lazy };
enum class Migrate { automatic, verify, off };
enum class PreparedStatements { automatic, on, off };
enum class LogLevel { trace, debug, info, warn, error, critical, off };

// Every member has the default that applies when its key is absent; the range and the meaning of
// each key stand in keys.cpp. Sizes are in bytes. What parse_settings returns is within those
// ranges, and pool.min <= pool.max, append.max_batch <= append.max_waiting, append.max_batch_bytes
// <= append.max_waiting_bytes and limits.content + limits.metadata <= append.max_waiting_bytes.
struct Settings {
  DsnReference dsn;
  Startup startup = Startup::verify;

  struct Schema {
    std::string name = "public";
    Migrate migrate = Migrate::automatic;
    std::chrono::milliseconds lock_timeout{2'000};
  } schema;

  struct Pool {
    int max = 4;
    int min = 1;
    std::chrono::milliseconds idle_timeout{600'000};
    std::chrono::milliseconds max_lifetime{1'800'000};
    std::chrono::milliseconds connect_timeout{5'000};
  } pool;

  std::chrono::milliseconds call_timeout{10'000};

  struct Append {
    std::size_t max_batch = 256;  // messages
    std::size_t max_batch_bytes = std::size_t{1} << 20;
    std::size_t max_waiting = 1024;  // messages
    std::size_t max_waiting_bytes = std::size_t{64} << 20;
  } append;

  struct Limits {
    std::size_t content = std::size_t{16} << 20;
    std::size_t metadata = std::size_t{64} << 10;
  } limits;

  PreparedStatements prepared_statements = PreparedStatements::automatic;
  LogLevel log_level = LogLevel::info;
};

// A mistake in the section or in what its DSN reference leads to. what() is one sentence for an
// operator: FILE:LINE, the key, what was expected there, and what was probably meant. It never
// holds a value that stands under `dsn`, nor any part of a DSN.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads the section. `origin` is "FILE:LINE" of the first line of `yaml`, or "FILE" when its lines
// mean nothing to a reader (hwlab_host.config_origin); FILE may hold colons. An empty section gives
// the defaults. Throws Error for the first mistake in the text. Any thread; does not block.
Settings parse_settings(std::string_view yaml, std::string_view origin);

}  // namespace hwlab::config
