#include "child.h"

#include <cxxabi.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>
#include <typeinfo>

#include "expect.h"

namespace hwlab::check {
namespace {

void write_reason(std::string_view reason) {
  static_cast<void>(::write(reason_descriptor, reason.data(), reason.size()));
}

// Every call of the plugin is noexcept, so what it throws ends here; and so does what one of its
// own threads throws.
[[noreturn]] void on_terminate() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    write_reason("std::terminate was called");
  } else {
    write_reason("an exception left the plugin, or one of its threads: ");
    int status = 0;
    char* const name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    write_reason(name != nullptr ? name : type->name());
  }
  ::_exit(ExitOf::failed);
}

}  // namespace

int run_case(const Case& chosen, const Subject& subject) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::set_terminate(on_terminate);
  try {
    chosen.run(subject);
    return ExitOf::passed;
  } catch (const NotReached& reason) {
    write_reason(reason.what());
    return ExitOf::not_reached;
  } catch (const std::exception& failure) {
    write_reason(failure.what());
    return ExitOf::failed;
  }
}

}  // namespace hwlab::check
