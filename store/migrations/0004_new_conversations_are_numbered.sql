-- run: in one transaction
-- Not before every message goes through the triggers of 0003.
alter table {schema}.conversations alter column last_seq set default 0;

-- Numbers the messages of conversations that were there before, about `enough` messages a call, in the order of created_at
-- and id. Returns 0 when no conversation is left without numbers.
--
-- Others write meanwhile and must not fail, nor wait for long:
-- - It never waits for anything while it holds a lock that others wait for, so it is in no deadlock: conversations that are
--   locked are skipped, messages that are locked make the whole call fail, to be repeated. It waits for a conversation
--   only when there is nothing else to do, and before it has locked any.
-- - A conversation of more than `enough` messages is not locked while most of them are numbered, piece by piece, the oldest
--   first; a piece holds off nobody but who deletes the conversation. The rest is numbered under the lock, as a short
--   conversation is. A message that arrives meanwhile with an earlier time than a finished piece comes behind it: it is
--   the later one by the order of commits.
create function {schema}.hwlab_number_conversations(enough bigint) returns bigint
  language plpgsql set search_path = pg_catalog, pg_temp as
$$
declare
  conversation uuid;
  waiting bigint;
  last record;
  fresh record;
  messages bigint := 0;
  conversations bigint := 0;
begin
  for conversation in
    select c.id from {schema}.conversations c where c.last_seq is null order by c.id
  loop
    exit when messages >= enough or conversations >= enough;

    select count(*) into waiting
      from (select from {schema}.messages m
             where m.conversation_id = conversation and m.seq is null
             limit 5 * enough) as unnumbered;
    if waiting > enough then
      exit when conversations > 0; -- commit those first, nobody is to wait for them meanwhile
      perform from {schema}.conversations c
        where c.id = conversation and c.last_seq is null
          for key share skip locked;
      continue when not found;
    else
      perform from {schema}.conversations c
        where c.id = conversation and c.last_seq is null
          for no key update skip locked;
      continue when not found;
      waiting := null; -- all there are
    end if;

    -- Later snapshots than the lock's: they see every row that the triggers have left without a number, and no such row can
    -- be added until this commits.
    select m.seq, m.created_at into last
      from {schema}.messages m
     where m.conversation_id = conversation and m.seq is not null
     order by m.seq desc
     limit 1;
    with piece as materialized (
      select m.id, m.created_at
        from {schema}.messages m
       where m.conversation_id = conversation and m.seq is null
       order by m.created_at, m.id
       limit waiting - enough
         for no key update nowait
    ), numbered as (
      update {schema}.messages m
         set seq = coalesce(last.seq, 0) + ordered.place
        from (select p.id, row_number() over (order by p.created_at, p.id) as place from piece p) as ordered
       where m.id = ordered.id and m.conversation_id = conversation
      returning m.created_at
    )
    select count(*) as messages, max(n.created_at) as created_at into fresh from numbered n;
    if waiting is not null then
      return 1;
    end if;

    update {schema}.conversations c
       set last_seq = coalesce(last.seq, 0) + fresh.messages,
           message_count = held.messages,
           active_at = moment.at,
           active_hour = floor(extract(epoch from moment.at) / 3600)::integer
      from (select coalesce(greatest(last.created_at, fresh.created_at), k.started_at) as at
              from {schema}.conversations k
             where k.id = conversation) as moment,
           (select case when last.seq is null then fresh.messages
                        else (select count(*) from {schema}.messages m where m.conversation_id = conversation)
                   end as messages) as held
     where c.id = conversation;
    messages := messages + fresh.messages;
    conversations := conversations + 1;
  end loop;
  if conversations > 0 then
    return conversations;
  end if;

  -- None is left, or all that are left are locked: wait for one of them, the next call will see.
  perform from {schema}.conversations c
    where c.last_seq is null
    order by c.id
    limit 1
      for no key update;
  return case when exists (select from {schema}.conversations c where c.last_seq is null) then 1 else 0 end;
end
$$;
revoke all on function {schema}.hwlab_number_conversations(bigint) from public;
