-- run: in one transaction
-- Not before every message goes through the trigger of 0003.
alter table {schema}.conversations alter column last_seq set default 0;

-- Numbers the messages of conversations that were there before, some thousand messages a call, and returns how many
-- conversations it has done; 0: none is left. It never waits for one conversation while it holds another: writers
-- that hold several would deadlock with it.
create function {schema}.hwlab_number_conversations(enough bigint) returns bigint
  language plpgsql set search_path = pg_catalog, pg_temp as
$$
declare
  conversation uuid;
  numbered bigint;
  messages bigint := 0;
  conversations bigint := 0;
begin
  while messages < enough and conversations < enough loop
    select c.id into conversation
      from {schema}.conversations c
     where c.last_seq is null
     order by c.id
     limit 1
       for no key update skip locked;
    if not found then
      exit when conversations > 0;
      select c.id into conversation
        from {schema}.conversations c
       where c.last_seq is null
       order by c.id
       limit 1
         for no key update;
      if not found then
        -- None is left, or the one that was waited for is gone or done.
        exit when not exists (select from {schema}.conversations c where c.last_seq is null);
        continue;
      end if;
    end if;

    -- A later snapshot than the lock's: it sees every row that the trigger has left without a number, and no such row can
    -- be added until this commits.
    update {schema}.messages m
       set seq = ordered.seq
      from (select o.id, row_number() over (order by o.created_at, o.id) as seq
              from {schema}.messages o
             where o.conversation_id = conversation) as ordered
     where m.id = ordered.id;
    get diagnostics numbered = row_count;

    update {schema}.conversations c
       set last_seq = numbered,
           message_count = numbered,
           active_at = moment.at,
           active_hour = floor(extract(epoch from moment.at) / 3600)::integer
      from (select coalesce(max(m.created_at), k.started_at) as at
              from {schema}.conversations k
              left join {schema}.messages m on m.conversation_id = k.id
             where k.id = conversation
             group by k.started_at) as moment
     where c.id = conversation;

    messages := messages + numbered;
    conversations := conversations + 1;
  end loop;
  return conversations;
end
$$;
revoke all on function {schema}.hwlab_number_conversations(bigint) from public;
