-- run: in one transaction
-- What listings need, so that they never count. last_seq is null for exactly as long as a conversation is not numbered (0007).
-- No column has a volatile default, so the table is not rewritten. Each migration takes a strong lock on one table
-- only: writers lock the two in either order, and would deadlock with one that takes both.
alter table {schema}.conversations
  add column last_seq bigint,
  add column message_count bigint not null default 0,
  add column active_at timestamptz,
  add column active_hour integer,
  add column title text,
  add column metadata jsonb;

-- For writers that do not know these columns. Our own statements give them all and never fire the trigger.
create function {schema}.hwlab_start_conversation() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as
$$
begin
  new.active_at := new.started_at;
  new.active_hour := floor(extract(epoch from new.started_at) / 3600)::integer;
  return new;
end
$$;

create trigger hwlab_start_conversation
  before insert on {schema}.conversations
  for each row when (new.active_at is null)
  execute function {schema}.hwlab_start_conversation();
