-- run: in one transaction
alter table {schema}.messages
  add column seq bigint,
  add column metadata jsonb;

-- Rows of writers that do not know seq are numbered when their transaction commits. Not when they are inserted: a number
-- needs the lock of its conversation, and two transactions that write to the same conversations in different orders, which
-- was no harm before, would deadlock. At the end all conversations are known, and are locked in the order of their ids.
-- So the first of two triggers notes them, in a setting of the transaction, which a savepoint takes back as well.
create function {schema}.hwlab_note_conversation() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as
$$
declare
  noted text := coalesce(current_setting('hwlab.written', true), '');
begin
  if strpos(noted, new.conversation_id::text) = 0 then
    perform set_config('hwlab.written', noted || new.conversation_id::text || ' ', true);
  end if;
  return null;
end
$$;

-- It runs with its owner's rights, because the role of such a writer may have no right to update conversations, and names
-- every object in full, because a search_path is the caller's.
create function {schema}.hwlab_number_message() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
  written uuid[] := string_to_array(rtrim(current_setting('hwlab.written', true)), ' ');
  next bigint;
begin
  if cardinality(written) > 0 then
    perform from {schema}.conversations c
      where c.id = any (written)
      order by c.id
        for no key update;
    perform set_config('hwlab.written', '', true);
  end if;

  -- The lock comes first, in a statement of its own: while a conversation is being numbered this waits, and then
  -- sees that it was.
  select c.last_seq + 1 into next
    from {schema}.conversations c
   where c.id = new.conversation_id
     for no key update;
  if next is null then
    return null; -- not numbered yet: the numbering will find this row; or deleted meanwhile
  end if;
  update {schema}.messages m
     set seq = next
   where m.id = new.id and m.conversation_id = new.conversation_id and m.seq is null;
  if not found then
    return null; -- deleted by the transaction that inserted it
  end if;
  update {schema}.conversations c
     set last_seq = next,
         message_count = c.message_count + 1,
         active_at = moment.at,
         active_hour = floor(extract(epoch from moment.at) / 3600)::integer
    from (select case when k.message_count = 0 then new.created_at
                      else greatest(k.active_at, new.created_at) end as at
            from {schema}.conversations k
           where k.id = new.conversation_id) as moment
   where c.id = new.conversation_id;
  return null;
end
$$;
revoke all on function {schema}.hwlab_number_message() from public;

create trigger hwlab_note_conversation
  after insert on {schema}.messages
  for each row when (new.seq is null)
  execute function {schema}.hwlab_note_conversation();

create constraint trigger hwlab_number_message
  after insert on {schema}.messages
  deferrable initially deferred
  for each row when (new.seq is null)
  execute function {schema}.hwlab_number_message();
