#include <algorithm>
#include <hwlab/plugin_host.hpp>

#include "call.h"

namespace hwlab::host {
namespace {

// A level that this host does not know is worse than the ones it knows.
CheckLevel to_level(std::int32_t level) {
  switch (level) {
    case HWLAB_CHECK_OK:
      return CheckLevel::ok;
    case HWLAB_CHECK_WARNING:
      return CheckLevel::warning;
    default:
      return CheckLevel::failed;
  }
}

Check to_check(const hwlab_check& given) {
  const auto record = read_record(given);
  Check check;
  check.level = to_level(record.level);
  check.name = to_view(record.name);
  check.value = to_view(record.value);
  if (const auto remedy = to_optional(record.remedy)) {
    check.remedy = std::string(*remedy);
  }
  return check;
}

template <class Record>
void check_records(const Record* const* records, std::size_t count) {
  if ((records == nullptr && count != 0) || std::count(records, records + count, nullptr) != 0) {
    throw_defect("counts records that it does not give");
  }
}

}  // namespace

Maintenance::Maintenance(std::shared_ptr<Instance> instance,
                         const hwlab_maintenance* table) noexcept
    : instance_(std::move(instance)), table_(table) {}

Report Maintenance::report(CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_maintenance, report)) {
    throw_missing_hook("report");
  }
  hwlab_report_request sent{};
  sent.struct_size = sizeof(sent);
  const auto result = read(*instance_, table_->report, instance_->handle(), options, sent);
  const auto& given = result.get();
  check_records(given.checks, given.check_count);
  Report report;
  report.worst = to_level(given.worst);
  for (std::size_t i = 0; i < given.check_count; ++i) {
    report.checks.push_back(to_check(*given.checks[i]));
    report.worst = std::max(report.worst, report.checks.back().level);
  }
  return report;
}

MigrateResult Maintenance::migrate(CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_maintenance, migrate)) {
    throw_missing_hook("migrate");
  }
  hwlab_migrate_request sent{};
  sent.struct_size = sizeof(sent);
  const auto result = read(*instance_, table_->migrate, instance_->handle(), options, sent);
  const auto& given = result.get();
  check_records(given.applied, given.applied_count);
  MigrateResult migrated;
  migrated.schema_version = given.schema_version;
  for (std::size_t i = 0; i < given.applied_count; ++i) {
    const auto record = read_record(*given.applied[i]);
    migrated.applied.push_back({record.version, std::string(to_view(record.name))});
  }
  return migrated;
}

RepairResult Maintenance::repair(CallOptions options) const {
  if (!HWLAB_HAS(table_, hwlab_maintenance, repair)) {
    throw_missing_hook("repair");
  }
  hwlab_repair_request sent{};
  sent.struct_size = sizeof(sent);
  const auto result = read(*instance_, table_->repair, instance_->handle(), options, sent);
  return {result.get().examined, result.get().repaired};
}

}  // namespace hwlab::host
