#include "cases.h"

namespace hwlab::check {

const std::vector<Case>& all_cases() {
  using namespace std::chrono_literals;
  static const std::vector<Case> cases{
#define HWLAB_CASE(name, proves, limit, needs) {#name, proves, limit, Case::needs, name}
      // What a host sees before it calls anything, and what load gives it.
      HWLAB_CASE(symbols, "The library exports hwlab_plugin_v1 and nothing else.", 30s, nothing),
      HWLAB_CASE(descriptor, "The descriptor is whole: magic, size, versions, texts, functions.",
                 30s, nothing),
      HWLAB_CASE(table, "load registers the conversation hooks once, with a whole table.", 60s,
                 nothing),
      HWLAB_CASE(stays_mapped, "The code stays mapped after dlclose().", 60s, nothing),
      HWLAB_CASE(extensions,
                 "Unknown extensions are null pointers, and a report can be had where there is "
                 "maintenance.",
                 60s, nothing),
      // Structs and pointers.
      HWLAB_CASE(request_sizes,
                 "Requests of every struct_size are read as far as it goes; a surplus is refused "
                 "unless it is zero.",
                 60s, nothing),
      HWLAB_CASE(message_sizes, "The same for messages within a request.", 60s, nothing),
      HWLAB_CASE(call_sizes, "The same for hwlab_call.", 60s, nothing),
      HWLAB_CASE(
          result_sizes,
          "Results are written as far as struct_size goes, whatever the status, and no further.",
          60s, nothing),
      HWLAB_CASE(error_sizes, "Errors are written as far as struct_size goes, and no further.", 60s,
                 nothing),
      HWLAB_CASE(guard_pages, "Nothing is read beyond the end of a struct or a text.", 60s,
                 nothing),
      HWLAB_CASE(
          null_pointers,
          "Null pointers are refused where something must be, and taken where nothing need be.",
          60s, nothing),
      HWLAB_CASE(absent_and_empty, "Absent and empty texts are told apart, in both directions.",
                 60s, nothing),
      // Texts.
      HWLAB_CASE(hostile_text,
                 "U+0000 and invalid UTF-8 are refused in every text, and nothing is stored.", 60s,
                 nothing),
      HWLAB_CASE(texts_are_kept, "Every other text comes back byte for byte.", 60s, nothing),
      HWLAB_CASE(ids_and_roles, "Ids that are no UUIDs and roles that there are not are refused.",
                 60s, nothing),
      HWLAB_CASE(metadata, "Metadata is a JSON object, and means the same when it comes back.", 60s,
                 nothing),
      HWLAB_CASE(limits,
                 "What is too large, too deep or out of range is refused, and no exception leaves "
                 "the plugin.",
                 90s, nothing),
      // The hooks.
      HWLAB_CASE(not_found, "An unknown conversation is NOT_FOUND, and does not come about by it.",
                 60s, nothing),
      HWLAB_CASE(repeated_calls,
                 "The same id again: EXISTED with the same content, CONFLICT with other content.",
                 60s, nothing),
      HWLAB_CASE(repeated_batches,
                 "The same for append_messages, CONFLICT also when only some are stored.", 60s,
                 nothing),
      HWLAB_CASE(all_or_none, "append_messages stores all of its messages or none.", 60s, nothing),
      HWLAB_CASE(expected_seq, "expected_seq is checked, and a CONFLICT says the actual one.", 60s,
                 nothing),
      HWLAB_CASE(reading,
                 "get_conversation gives the part that was asked for, in rising seq, and says how "
                 "to go on.",
                 60s, nothing),
      HWLAB_CASE(listing,
                 "list_conversations gives each conversation once, newest first, page by page.",
                 60s, nothing),
      HWLAB_CASE(forged_cursors, "A cursor that is not one, or is of another order, is refused.",
                 60s, nothing),
      // Results and borrowed memory.
      HWLAB_CASE(moved_results,
                 "A result can be moved by copying its bytes, and released where it is.", 60s,
                 nothing),
      HWLAB_CASE(release_on_another_thread,
                 "Results can be released on threads that never called the plugin.", 60s, nothing),
      HWLAB_CASE(release_after_unload, "Results stay valid after unload, and can be released then.",
                 60s, nothing),
      HWLAB_CASE(results_are_freed, "release gives back all memory of a result.", 90s, nothing),
      HWLAB_CASE(borrowed_text, "Nothing of a request is kept once its call has returned.", 60s,
                 nothing),
      // Threads and the process.
      HWLAB_CASE(many_threads, "64 threads at once: every call OK, seq without a gap.", 120s,
                 nothing),
      HWLAB_CASE(log_under_lock, "The log may wait for a lock that is held around a hook.", 120s,
                 nothing),
      HWLAB_CASE(process_is_left_alone,
                 "Signal handlers, locale, directory and environment stay; the plugin's threads "
                 "block all signals.",
                 60s, nothing),
      HWLAB_CASE(forked_child, "In a forked child every call is STOPPED, and none hangs.", 60s,
                 nothing),
      // Life.
      HWLAB_CASE(
          refused_registration,
          "A host that refuses the hooks fails the load, which leaves no thread and no descriptor.",
          60s, nothing),
      HWLAB_CASE(bad_configuration,
                 "A section that cannot be read fails the load with CONFIG and a sentence, and "
                 "leaves nothing.",
                 60s, nothing),
      HWLAB_CASE(load_cycles,
                 "Loading and unloading leaves no thread, no descriptor and no memory.", 120s,
                 nothing),
      HWLAB_CASE(two_instances, "Instances live beside each other, and one goes without the other.",
                 60s, nothing),
      HWLAB_CASE(unload_under_load,
                 "unload under load returns in time, when no thread is inside any more.", 120s,
                 nothing),
      // A server that says nothing.
      HWLAB_CASE(
          stalled_at_connect,
          "Calls return by their deadline while no connection can be made, and tell the truth.",
          60s, server),
      HWLAB_CASE(stalled_at_query, "The same while the server answers no query.", 60s, server),
      HWLAB_CASE(stalled_at_reply,
                 "The same while its answers come too late; what may have been applied is said, "
                 "with its ids.",
                 60s, server),
      HWLAB_CASE(unload_while_stalled,
                 "unload cuts off calls that wait for the server; new ones get STOPPED.", 60s,
                 server),
      HWLAB_CASE(no_secrets, "The DSN's password is in no error, log, report or output.", 60s,
                 server),
      // Memory that is refused.
      HWLAB_CASE(failing_allocations_of_hooks,
                 "When the n-th allocation of a hook fails, n = 1, 2, ..., there is a status, and "
                 "it is true.",
                 120s, allocations),
      HWLAB_CASE(failing_allocations_of_load, "The same for load, which then leaves nothing.", 120s,
                 allocations),
      HWLAB_CASE(failing_allocations_of_unload, "The same for unload.", 120s, allocations),
#undef HWLAB_CASE
  };
  return cases;
}

}  // namespace hwlab::check
