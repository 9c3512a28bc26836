-- $1 schema, $2 a table of it that may be missing, $3 another one.
select current_setting('server_version'),
       current_setting('server_encoding'),
       coalesce((select s.ssl from pg_catalog.pg_stat_ssl s
                  where s.pid = pg_catalog.pg_backend_pid()), false),
       pg_catalog.inet_server_addr() is null,
       pg_catalog.pg_is_in_recovery() or current_setting('transaction_read_only')::boolean,
       current_setting('fsync')::boolean,
       current_setting('synchronous_commit'),
       coalesce(current_setting('client_connection_check_interval', true), '0'),
       current_setting('statement_timeout'),
       current_user,
       exists (select 1 from pg_catalog.pg_namespace n where n.nspname = $1::text),
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
       coalesce((select pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                   from pg_catalog.pg_namespace n where n.nspname = $1::text), true),
       coalesce((select pg_catalog.has_schema_privilege(n.oid, 'CREATE')
                   from pg_catalog.pg_namespace n where n.nspname = $1::text), true),
       coalesce((select pg_catalog.string_agg(p.privilege || ' on ' || r.relname, ', ')
                   from pg_catalog.pg_class r
                   join pg_catalog.pg_namespace n on n.oid = r.relnamespace
                  cross join (values ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) as p (privilege)
                  where n.nspname = $1::text and r.relname in ($2::text, $3::text)
                    and not pg_catalog.has_table_privilege(r.oid, p.privilege)), ''),
       current_setting('max_connections')::integer
