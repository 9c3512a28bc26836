-- What the daemon's role needs, and nothing beyond: it can store and read conversations, not change or delete what was
-- said, and not touch the tables. As the owner, after 'hwlab-host migrate' and again after each upgrade:
--
--   psql --set ON_ERROR_STOP=1 --file examples/grants.sql "postgresql://hwlab_owner@host/hwlab"
--
-- 'hwlab-host check' says what is missing. Locking a row takes the right to update one of its columns, hence seq.
grant select, insert on public.conversations, public.messages to hwlab_app;
grant update (last_seq, message_count, active_at, active_hour) on public.conversations to hwlab_app;
grant update (seq) on public.messages to hwlab_app;
grant select on public.hwlab_schema_migrations to hwlab_app;
