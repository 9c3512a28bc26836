// The process of one case.
#pragma once

#include "cases.h"
#include "subject.h"

namespace hwlab::check {

// What the process of a case ends with.
struct ExitOf {
  static constexpr int passed = 0;
  static constexpr int failed = 3;
  static constexpr int not_reached = 4;
};
// Where the sentence goes that says why.
inline constexpr int reason_descriptor = 3;

// Runs the case, and returns what the process is to end with.
[[nodiscard]] int run_case(const Case& chosen, const Subject& subject);

}  // namespace hwlab::check
