// What every hook does before and after its own work.
#pragma once

#include <hwlab/plugin.h>

#include "plugin/barrier.h"
#include "plugin/instance.h"
#include "plugin/structs.h"

namespace hwlab::plugin {

// `work(Instance&, const Request&, Deadline, ResultSlot<Result>&)` within the barrier, with the
// instance kept from closing. The deadline starts to run now.
template <typename Request, typename Result, typename Work>
hwlab_status run_hook(void* self, const hwlab_call* call, const Request* request, Result* result,
                      hwlab_error* error, Work work) noexcept {
  ResultSlot<Result> slot(result);  // cleared in any case
  if (self == nullptr)
    return with_barrier(error, nullptr, [] {
      throw Refusal("self is absent: pass what register_hooks was given");
    });
  auto& instance = *static_cast<Instance*>(self);
  // Outside of the barrier, which needs the instance to say what went wrong.
  const Instance::Entry entry(instance);
  return with_barrier(error, &instance.redactor(), [&] {
    slot.check();
    entry.check();
    const store::Deadline deadline = instance.deadline_of(call);
    work(instance, read_struct(request, "the request"), deadline, slot);
  });
}

}  // namespace hwlab::plugin
