// Does the password stay where it is?
#include <fcntl.h>
#include <hwlab/maintenance.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"
#include "proxy.h"

namespace hwlab::check {
namespace {

constexpr const char* planted = "Canary.4711~x";

// What the process writes to its standard output and error, while the object lives.
class Output {
 public:
  Output() : file_(::memfd_create("output", MFD_CLOEXEC)) {
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      kept_.push_back(::dup(stream));
      ::dup2(file_, stream);
    }
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    ::dup2(kept_[0], STDOUT_FILENO);
    ::dup2(kept_[1], STDERR_FILENO);
    for (const int stream : kept_)
      ::close(stream);
    ::close(file_);
  }
  [[nodiscard]] std::string text() const {
    std::string text(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    static_cast<void>(::pread(file_, text.data(), text.size(), 0));
    return text;
  }

 private:
  int file_;
  std::vector<int> kept_;
};

class Search {
 public:
  explicit Search(std::string secret) : secret_(std::move(secret)) {}

  void look(const std::string& text, const char* where) {
    if (found_.empty() && text.find(secret_) != std::string::npos)
      found_ = where;
  }
  void look(const hwlab_error& error, const char* where) {
    look(std::string(reinterpret_cast<const char*>(&error), sizeof error), where);
  }
  void look(const hwlab_text& text, const char* where) { look(std::string(view(text)), where); }
  // Throws Failed if it was found, and does not show it.
  void conclude() const { require(found_.empty(), "the password stands in ", found_); }

 private:
  std::string secret_;
  std::string found_;
};

void look_at_report(const Instance& instance, void* handle, Search& search) {
  const auto* const maintenance = static_cast<const hwlab_maintenance*>(
      instance.library().plugin().get_extension(handle, HWLAB_MAINTENANCE));
  if (maintenance == nullptr)
    return;
  const hwlab_report_request request{sizeof request, 0};
  Owned<hwlab_report_result> result;
  hwlab_error error{};
  error.struct_size = sizeof error;
  const hwlab_call call{sizeof call, 2'000};
  const auto status = [&]() noexcept {
    return maintenance->report(handle, &call, &request, &result.get(), &error);
  }();
  search.look(error, "an error of report");
  for (std::size_t i = 0; status == HWLAB_OK && i < result.get().check_count; ++i) {
    search.look(result.get().checks[i]->value, "a line of a report");
    search.look(result.get().checks[i]->remedy, "a line of a report");
  }
}

void use(const Hooks& hooks, Search& search) {
  search.look(ask<List>(hooks, list_request(), 1'000).error, "an error of a hook");
  const std::string id = new_id();
  search.look(ask<Create>(hooks, create_request(id), 1'000).error, "an error of a hook");
  search.look(ask<Get>(hooks, get_request(new_id()), 1'000).error, "an error of a hook");
}

}  // namespace

void no_secrets(const Subject& subject) {
  Proxy proxy(subject);
  // Where the server asks for a password, that one must not be seen; elsewhere one is planted.
  const std::string secret =
      proxy.value("password").size() >= 6 ? proxy.value("password") : planted;
  proxy.set("password", secret);
  Search search(secret);
  const Library library(subject.library);
  {
    const Output output;
    {
      Instance instance(subject, library);
      use(instance.hooks(), search);
      look_at_report(instance, instance.handle(), search);
      proxy.gate().turn_away("28P01", "password authentication failed: " + secret);
      proxy.gate().reset();
      use(instance.hooks(), search);
      look_at_report(instance, instance.handle(), search);
      proxy.gate().refuse();
      use(instance.hooks(), search);
      instance.unload(100);
      search.look(instance.daemon().log_text(), "the log of an instance whose server went away");
    }
    // Loads that fail, each in another way.
    const std::string at = "127.0.0.1:" + proxy.gate().port();
    const std::array<std::string, 9> broken{
        "postgresql://user:" + secret + "@" + at + "/nowhere",
        "postgresql://user:" + secret + "@" + at + ":not-a-port/nowhere",
        "postgresql://user:" + secret + "@" + at + "/nowhere?no_such_option=1",
        "postgresql://user:" + secret + "@nowhere.invalid@" + at + "/x",
        "postgresql://user:" + secret + "/" + at,
        "host=127.0.0.1 password=" + secret + " no_such_option=1",
        "host=127.0.0.1 password='" + secret,
        "password=" + secret + " sslmode=nonsense host=127.0.0.1 port=1",
        secret,
    };
    for (const bool is_back : {false, true}) {
      if (is_back)
        proxy.gate().turn_away("28P01", "password authentication failed: " + secret);
      for (const std::string& dsn : broken) {
        ::setenv(subject.dsn_variable.c_str(), dsn.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
        Daemon daemon(subject);
        const Loaded loaded = load(library, daemon);
        search.look(loaded.error, "an error of load");
        if (loaded.status == HWLAB_OK) {
          use(daemon.hooks(), search);
          search.look(unload(library, loaded.instance, 100).error, "an error of unload");
        }
        search.look(daemon.log_text(), "the log of a load");
      }
    }
    search.look(output.text(), "what the plugin wrote to stdout or stderr");
  }
  search.conclude();
}

}  // namespace hwlab::check
