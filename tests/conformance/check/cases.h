// All cases. Each runs in a process of its own, and throws Failed or NotReached.
#pragma once

#include <chrono>
#include <vector>

#include "subject.h"

namespace hwlab::check {

struct Case {
  enum Needs : unsigned {
    nothing = 0,
    server = 1,       // one that can be stalled
    allocations = 2,  // that can be made to fail: not under sanitizers
  };
  const char* name;
  const char* proves;  // one sentence
  std::chrono::seconds limit;
  unsigned needs;
  void (*run)(const Subject&);
};

// In the order in which they run.
[[nodiscard]] const std::vector<Case>& all_cases();

void absent_and_empty(const Subject& subject);
void all_or_none(const Subject& subject);
void bad_configuration(const Subject& subject);
void borrowed_text(const Subject& subject);
void call_sizes(const Subject& subject);
void descriptor(const Subject& subject);
void error_sizes(const Subject& subject);
void expected_seq(const Subject& subject);
void extensions(const Subject& subject);
void failing_allocations_of_hooks(const Subject& subject);
void failing_allocations_of_load(const Subject& subject);
void failing_allocations_of_unload(const Subject& subject);
void forged_cursors(const Subject& subject);
void forked_child(const Subject& subject);
void guard_pages(const Subject& subject);
void hostile_text(const Subject& subject);
void ids_and_roles(const Subject& subject);
void limits(const Subject& subject);
void listing(const Subject& subject);
void load_cycles(const Subject& subject);
void log_under_lock(const Subject& subject);
void many_threads(const Subject& subject);
void message_sizes(const Subject& subject);
void metadata(const Subject& subject);
void moved_results(const Subject& subject);
void no_secrets(const Subject& subject);
void not_found(const Subject& subject);
void null_pointers(const Subject& subject);
void process_is_left_alone(const Subject& subject);
void reading(const Subject& subject);
void refused_registration(const Subject& subject);
void release_after_unload(const Subject& subject);
void release_on_another_thread(const Subject& subject);
void repeated_batches(const Subject& subject);
void repeated_calls(const Subject& subject);
void request_sizes(const Subject& subject);
void result_sizes(const Subject& subject);
void results_are_freed(const Subject& subject);
void stalled_at_connect(const Subject& subject);
void stalled_at_query(const Subject& subject);
void stalled_at_reply(const Subject& subject);
void stays_mapped(const Subject& subject);
void symbols(const Subject& subject);
void table(const Subject& subject);
void texts_are_kept(const Subject& subject);
void two_instances(const Subject& subject);
void unload_under_load(const Subject& subject);
void unload_while_stalled(const Subject& subject);

}  // namespace hwlab::check
