// What somebody with a right too many could plant in a database.
#pragma once

#include <string>

namespace hwlab::test {

// Functions and operators of the names that statements use, which leave a trace in public.trapped;
// and a search path that finds them first, for everybody.
inline std::string traps_in(const std::string& schema, const std::string& database) {
  return "create table trapped (what text); "
         "create function " +
         schema +
         ".statement_timestamp() returns timestamptz language plpgsql as $$ begin insert into "
         "public.trapped values ('statement_timestamp'); return timestamptz '1999-01-01'; end $$; "
         "create function " +
         schema +
         ".floor(numeric) returns numeric language plpgsql as $$ begin insert into public.trapped "
         "values ('floor'); return 0; end $$; "
         "create function " +
         schema +
         ".plus(bigint, bigint) returns bigint language plpgsql as $$ begin insert into "
         "public.trapped values ('+'); return 666; end $$; "
         "create operator " +
         schema + ".+ (leftarg = bigint, rightarg = bigint, function = " + schema +
         ".plus); "
         "create function " +
         schema +
         ".same(uuid, uuid) returns boolean language plpgsql as $$ begin insert into "
         "public.trapped values ('='); return true; end $$; "
         "create operator " +
         schema + ".= (leftarg = uuid, rightarg = uuid, function = " + schema +
         ".same); "
         "alter database " +
         database + " set search_path = " + schema + ", pg_catalog, public";
}

}  // namespace hwlab::test
