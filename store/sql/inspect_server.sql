-- What a session finds. $1 schema, which may be missing.
select pg_catalog.current_setting('server_version'),
       pg_catalog.current_setting('server_encoding'),
       pg_catalog.pg_is_in_recovery() or pg_catalog.current_setting('transaction_read_only')::boolean,
       pg_catalog.current_setting('fsync')::boolean,
       pg_catalog.current_setting('synchronous_commit'),
       coalesce(pg_catalog.current_setting('client_connection_check_interval', true), ''),
       pg_catalog.current_setting('statement_timeout'),
       pg_catalog.current_setting('search_path'),
       -- Whether nothing but PostgreSQL's own is found by its name alone.
       not exists (select from pg_catalog.unnest(pg_catalog.current_schemas(true)) as s (name)
                    where s.name <> 'pg_catalog' and not pg_catalog.starts_with(s.name::text, 'pg_temp')),
       pg_catalog.current_setting('plan_cache_mode'),
       pg_catalog.quote_ident(current_user),
       exists (select from pg_catalog.pg_namespace n where n.nspname = $1::text),
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
       coalesce((select pg_catalog.has_schema_privilege(n.oid, 'CREATE')
                   from pg_catalog.pg_namespace n where n.nspname = $1::text), true),
       pg_catalog.current_setting('max_connections')::integer
