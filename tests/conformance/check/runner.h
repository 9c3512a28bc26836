// Runs cases, each in a process of its own, and tells what became of them.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

#include "cases.h"
#include "subject.h"

namespace hwlab::check {

enum class Outcome {
  passed,
  failed,
  left_out,  // it cannot be run here, and says nothing of the plugin
  not_run,   // another case that failed must pass first
};
[[nodiscard]] const char* name_of(Outcome outcome);

struct Ended {
  const Case* which = nullptr;
  Outcome outcome = Outcome::failed;
  std::chrono::milliseconds took{0};
  std::string reason;  // not when it passed
  std::string output;  // what the process wrote, of a case that failed
};

// `arguments` start this program for one case; its name is added. Prints a line for each case as it
// ends.
[[nodiscard]] std::vector<Ended> run_cases(const std::vector<const Case*>& cases,
                                           const Subject& subject,
                                           const std::vector<std::string>& arguments,
                                           std::ostream& lines);

}  // namespace hwlab::check
