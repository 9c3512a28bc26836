-- $1 lock_timeout in milliseconds, $2 whether for this transaction only. A migration takes the time that it takes.
-- transaction_timeout is one of PostgreSQL 17 and later.
select pg_catalog.set_config(s.name, case s.name when 'lock_timeout' then $1::text else '0' end, $2::boolean)
  from pg_catalog.pg_settings s
 where s.name in ('lock_timeout', 'statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')
