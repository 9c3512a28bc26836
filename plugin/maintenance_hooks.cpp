#include "plugin/maintenance_hooks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "plugin/block.h"
#include "plugin/hook.h"
#include "plugin/presentable.h"

namespace hwlab::plugin {
namespace {

std::int32_t to_level(store::Finding::Level level) {
  switch (level) {
    case store::Finding::Level::ok:
      return HWLAB_CHECK_OK;
    case store::Finding::Level::warning:
      return HWLAB_CHECK_WARNING;
    case store::Finding::Level::failed:
      return HWLAB_CHECK_FAILED;
  }
  return HWLAB_CHECK_FAILED;
}

hwlab_report_result report_result(const std::vector<store::Finding>& findings) {
  Block::Size size;
  size.array<hwlab_check>(findings.size()).array<const hwlab_check*>(findings.size());
  for (const store::Finding& finding : findings)
    size.text(finding.name.size() + finding.value.size() + finding.remedy.size());
  Block::Owner block = Block::make(size);

  hwlab_report_result result{};
  auto* const checks = block->array<hwlab_check>(findings.size());
  auto* const pointers = block->array<const hwlab_check*>(findings.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const store::Finding& finding = findings[i];
    checks[i].struct_size = sizeof(hwlab_check);
    checks[i].level = to_level(finding.level);
    checks[i].name = block->text(finding.name);
    checks[i].value = block->text(finding.value);
    if (!finding.remedy.empty())
      checks[i].remedy = block->text(finding.remedy);
    pointers[i] = &checks[i];
    result.worst = std::max(result.worst, checks[i].level);
  }
  result.checks = pointers;
  result.check_count = findings.size();
  Block::hand_over(std::move(block), result.head);
  return result;
}

hwlab_migrate_result migrate_result(const store::Store::Migrated& migrated) {
  const std::size_t count = migrated.applied.size();
  Block::Size size;
  size.array<hwlab_migration>(count).array<const hwlab_migration*>(count);
  for (const store::Migration* migration : migrated.applied)
    size.text(migration->name.size());
  Block::Owner block = Block::make(size);

  hwlab_migrate_result result{};
  auto* const records = block->array<hwlab_migration>(count);
  auto* const pointers = block->array<const hwlab_migration*>(count);
  for (std::size_t i = 0; i < count; ++i) {
    records[i].struct_size = sizeof(hwlab_migration);
    records[i].version = migrated.applied[i]->version;
    records[i].name = block->text(migrated.applied[i]->name);
    pointers[i] = &records[i];
  }
  result.applied = count > 0 ? pointers : nullptr;
  result.applied_count = count;
  result.schema_version = migrated.version;
  Block::hand_over(std::move(block), result.head);
  return result;
}

hwlab_status report(void* instance, const hwlab_call* call, const hwlab_report_request* request,
                    hwlab_report_result* result, hwlab_error* error) {
  return run_hook(instance, call, request, result, error,
                  [](Instance& open, const hwlab_report_request&, store::Deadline deadline,
                     ResultSlot<hwlab_report_result>& slot) {
                    auto findings = open.store().inspect(deadline);
                    for (store::Finding& finding : findings) {
                      finding.value = presentable(finding.value, open.redactor());
                      finding.remedy = presentable(finding.remedy, open.redactor());
                    }
                    slot.fill(report_result(findings));
                  });
}

hwlab_status migrate(void* instance, const hwlab_call* call, const hwlab_migrate_request* request,
                     hwlab_migrate_result* result, hwlab_error* error) {
  return run_hook(instance, call, request, result, error,
                  [](Instance& open, const hwlab_migrate_request&, store::Deadline deadline,
                     ResultSlot<hwlab_migrate_result>& slot) {
                    slot.fill(migrate_result(open.store().migrate(deadline)));
                  });
}

hwlab_status repair(void* instance, const hwlab_call* call, const hwlab_repair_request* request,
                    hwlab_repair_result* result, hwlab_error* error) {
  return run_hook(instance, call, request, result, error,
                  [](Instance& open, const hwlab_repair_request&, store::Deadline deadline,
                     ResultSlot<hwlab_repair_result>& slot) {
                    Block::Owner block = Block::make({});
                    const store::Repaired repaired = open.store().repair(deadline);
                    hwlab_repair_result given{};
                    given.examined = repaired.examined;
                    given.repaired = repaired.mended;
                    Block::hand_over(std::move(block), given.head);
                    slot.fill(given);
                  });
}

constexpr hwlab_maintenance hooks = {
    .struct_size = sizeof(hwlab_maintenance),
    .abi_minor = HWLAB_ABI_MINOR,
    .report = report,
    .migrate = migrate,
    .repair = repair,
};

}  // namespace

const hwlab_maintenance& maintenance_hooks() noexcept {
  return hooks;
}

}  // namespace hwlab::plugin
