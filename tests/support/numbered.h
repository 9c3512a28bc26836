// What must be true of every database after its migration.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "store/migration.h"
#include "tests/support/database.h"

namespace hwlab::test {

// Each migration once, every index usable, and every conversation as its messages say: numbered
// from 1 on without a gap, in the order of time and, among ties, of id.
inline void expect_everything_numbered(const Database& database) {
  EXPECT_EQ(database.value("select string_agg(version::text, ' ' order by version) from "
                           "hwlab_schema_migrations"),
            database.value("select string_agg(i::text, ' ' order by i) from generate_series(1, " +
                           std::to_string(store::embedded_migrations().size()) + ") i"));
  EXPECT_EQ(database.value("select count(*) from pg_index where not indisvalid"), "0");
  EXPECT_EQ(database.value("select count(*) from pg_constraint where not convalidated"), "0");
  EXPECT_EQ(database.value("select count(*) from (select seq, row_number() over (partition by "
                           "conversation_id order by created_at, id) as place from messages) m "
                           "where seq is distinct from place"),
            "0");
  EXPECT_EQ(database.value(
                "select count(*) from conversations c cross join lateral (select count(*) as n, "
                "max(created_at) as at from messages where conversation_id = c.id) m where "
                "(c.last_seq, c.message_count, c.active_at, c.active_hour) is distinct from (m.n, "
                "m.n, coalesce(m.at, c.started_at), floor(extract(epoch from coalesce(m.at, "
                "c.started_at)) / 3600)::integer)"),
            "0");
}

}  // namespace hwlab::test
