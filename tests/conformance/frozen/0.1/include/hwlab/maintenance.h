/* SPDX-License-Identifier: MIT
 *
 * hwlab/maintenance.h - what an operator needs of a plugin and a daemon does not call in its hot
 * path.
 *
 *   const hwlab_maintenance *m = plugin->get_extension(instance, HWLAB_MAINTENANCE);
 *   m->report(instance, NULL, &request, &result, &error);
 *
 * The rules at the top of <hwlab/plugin.h> hold here too.
 */
#ifndef HWLAB_MAINTENANCE_H
#define HWLAB_MAINTENANCE_H

#include <hwlab/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HWLAB_MAINTENANCE "hwlab.maintenance/1"

/* How a line of a report stands. */
#define HWLAB_CHECK_OK 0
#define HWLAB_CHECK_WARNING 1 /* it works, but an operator should know */
#define HWLAB_CHECK_FAILED 2  /* calls will fail until it is mended */

/* One line of a report. Names are stable, for programs: "server", "encoding", "schema", ... */
typedef struct hwlab_check {
  uint32_t struct_size;
  int32_t level; /* HWLAB_CHECK_... */
  hwlab_text name;
  hwlab_text value;  /* what was found, in words */
  hwlab_text remedy; /* what to do about it; absent when the level is OK */
} hwlab_check;

typedef struct hwlab_report_request {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
} hwlab_report_request;

typedef struct hwlab_report_result {
  hwlab_result head;
  const hwlab_check* const* checks;
  size_t check_count;
  int32_t worst; /* the highest level among them */
  int32_t reserved;
} hwlab_report_result;

/* A migration that was applied. */
typedef struct hwlab_migration {
  uint32_t struct_size;
  int32_t version; /* 1, 2, 3 ... */
  hwlab_text name;
} hwlab_migration;

typedef struct hwlab_migrate_request {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
} hwlab_migrate_request;

typedef struct hwlab_migrate_result {
  hwlab_result head;
  /* By this call, in order; NULL when there was nothing to do. */
  const hwlab_migration* const* applied;
  size_t applied_count;
  int32_t schema_version; /* the schema's version afterwards */
  int32_t reserved;
} hwlab_migrate_result;

typedef struct hwlab_repair_request {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
} hwlab_repair_request;

typedef struct hwlab_repair_result {
  hwlab_result head;
  int64_t examined; /* conversations */
  int64_t repaired; /* of those, whose counters or numbers were wrong */
} hwlab_repair_result;

typedef struct hwlab_maintenance {
  uint32_t struct_size;
  uint32_t abi_minor;

  /* [any] Looks at the server, the schema and the rights, and changes nothing. OK also when lines
   * of the report are bad; an error only when no report could be made (no server, no time). */
  hwlab_status (*report)(void* instance, const hwlab_call* call,
                         const hwlab_report_request* request, hwlab_report_result* result,
                         hwlab_error* error);

  /* [any] Brings the schema up to date, whatever the configuration says of migrations. When the
   * deadline passes first the work goes on in the background, and TIMEOUT says so; unload() ends
   * it. */
  hwlab_status (*migrate)(void* instance, const hwlab_call* call,
                          const hwlab_migrate_request* request, hwlab_migrate_result* result,
                          hwlab_error* error);

  /* [any] Looks at every conversation while others write, and mends those whose counters or numbers
   * are not what their messages say. Needed only when a hook asks for it, or after tables were
   * changed by hand. When the deadline passes first, TIMEOUT; what was mended stays mended, and it
   * may be repeated. */
  hwlab_status (*repair)(void* instance, const hwlab_call* call,
                         const hwlab_repair_request* request, hwlab_repair_result* result,
                         hwlab_error* error);
} hwlab_maintenance;

#ifdef __cplusplus
}
#endif

#endif /* HWLAB_MAINTENANCE_H */
