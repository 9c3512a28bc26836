-- $1 schema, whose tables may be missing. What the role may not do there, of what the hooks and the repair need, and the
-- statement by which the schema's owner allows it. Locking a row takes the right to update a column of it, no matter which.
with needed as (
  select '' as relation, 'usage' as privilege, null::text as attribute
  union all
  select t.name, p.privilege, null
    from (values ('conversations'), ('messages')) as t (name)
   cross join (values ('select'), ('insert')) as p (privilege)
  union all
  select 'hwlab_schema_migrations', 'select', null
  union all
  select 'conversations', 'update', a.name
    from (values ('last_seq'), ('message_count'), ('active_at'), ('active_hour')) as a (name)
  union all
  select 'messages', 'update', 'seq'
), missing as (
  select n.relation, n.privilege, n.attribute
    from needed n
    join pg_catalog.pg_namespace s on s.nspname = $1::text
    left join pg_catalog.pg_class r on r.relnamespace = s.oid and r.relname = n.relation
    left join pg_catalog.pg_attribute a
      on a.attrelid = r.oid and a.attname = n.attribute and not a.attisdropped
   where case when n.relation = '' then not pg_catalog.has_schema_privilege(s.oid, n.privilege)
              when r.oid is null then false
              when n.attribute is null then not pg_catalog.has_table_privilege(r.oid, n.privilege)
              when a.attnum is null then false
              else not pg_catalog.has_column_privilege(r.oid, a.attnum, n.privilege) end
), lines as (
  select m.relation, m.privilege,
         m.privilege || coalesce(' (' || pg_catalog.string_agg(m.attribute, ', ') || ')', '') as what
    from missing m
   group by m.relation, m.privilege
)
select coalesce(pg_catalog.string_agg(
         l.what || ' on ' || case l.relation when '' then 'schema ' || $1::text else l.relation end,
         '; ' order by l.relation, l.privilege), ''),
       coalesce(pg_catalog.string_agg(
         'grant ' || l.what || ' on '
           || case l.relation when '' then 'schema ' || pg_catalog.quote_ident($1::text)
                              else pg_catalog.quote_ident($1::text) || '.' || l.relation end
           || ' to ' || pg_catalog.quote_ident(current_user), '; ' order by l.relation, l.privilege), '')
  from lines l
