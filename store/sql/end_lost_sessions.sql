-- Ends sessions of this store that were given up, and whose server may not have learnt of it. $1 numbers of their processes, 0 where
-- the session was given up before it was told, and in the same order $2 the longest and $3 the shortest time since each was started:
-- a number alone may be another's by now. Without a number it is one that has never been used: should it be another
-- process's of the same name, that opens a new one.
select pg_catalog.pg_terminate_backend(a.pid)
  from pg_catalog.generate_subscripts($1::integer[], 1) as i (i)
  join pg_catalog.pg_stat_activity a
    on a.backend_start >= pg_catalog.statement_timestamp() - ($2::interval[])[i.i]
   and a.backend_start <= pg_catalog.statement_timestamp() - ($3::interval[])[i.i]
 where (a.pid = ($1::integer[])[i.i] or ($1::integer[])[i.i] = 0 and a.state = 'idle' and a.query = '')
   and a.pid <> pg_catalog.pg_backend_pid()
   and a.datname = pg_catalog.current_database()
   and a.usename = session_user
   and a.application_name = pg_catalog.current_setting('application_name')
