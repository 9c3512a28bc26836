-- $1 schema. Columns of the first migration that tables of those names lack, or have with another type.
select t.table_name, t.column_name, t.type_name
  from (values ('conversations', 'id', 'uuid'),
               ('conversations', 'started_at', 'timestamp with time zone'),
               ('conversations', 'model', 'text'),
               ('messages', 'id', 'uuid'),
               ('messages', 'conversation_id', 'uuid'),
               ('messages', 'role', 'text'),
               ('messages', 'content', 'text'),
               ('messages', 'created_at', 'timestamp with time zone'))
         as t (table_name, column_name, type_name)
  join pg_catalog.pg_namespace n on n.nspname = $1::text
  join pg_catalog.pg_class r on r.relnamespace = n.oid and r.relname = t.table_name
  left join pg_catalog.pg_attribute a
    on a.attrelid = r.oid and a.attname = t.column_name and not a.attisdropped
 where a.attname is null or pg_catalog.format_type(a.atttypid, a.atttypmod) <> t.type_name
