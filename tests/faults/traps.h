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

// Operators of the names that statements use, in a schema, for every two types for which PostgreSQL
// has none: where it would convert an operand they fit better, and are taken although its own are
// looked for first. The same for functions of any type.
inline std::string better_traps_in(const std::string& schema) {
  std::string sql = R"(
    create table trapped (what text);
    do $traps$
    declare
      types text[] := '{smallint,integer,bigint,numeric,real,double precision,interval,timestamptz,text,uuid,bytea}';
      names text[] := array['+', '-', '*', '/', '%', '=', '<>', '<', '>', '<=', '>=', '||'];
      one text; other text; name text;
    begin
      foreach one in array types loop
        foreach other in array types loop
          execute format('create function {schema}.trap(%1$s, %2$s) returns boolean language plpgsql as
            $$ begin insert into public.trapped values (%3$L); return true; end $$', one, other, one || ', ' || other);
          foreach name in array names loop
            if not exists (select from pg_operator o where o.oprname = name and o.oprleft = one::regtype
                                                       and o.oprright = other::regtype) then
              execute format('create operator {schema}.%s (leftarg = %s, rightarg = %s, function = {schema}.trap)',
                             name, one, other);
            end if;
          end loop;
        end loop;
      end loop;
    end $traps$;
    create function {schema}.width_bucket(uuid, uuid[]) returns integer language plpgsql as
      $$ begin insert into public.trapped values ('width_bucket'); return 1; end $$;
    create function {schema}.unnest(uuid[]) returns setof uuid language plpgsql as
      $$ begin insert into public.trapped values ('unnest'); return; end $$)";
  const std::string mark = "{schema}";
  for (auto at = sql.find(mark); at != std::string::npos; at = sql.find(mark, at))
    sql.replace(at, mark.size(), schema);
  return sql;
}

}  // namespace hwlab::test
