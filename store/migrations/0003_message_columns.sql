-- run: in one transaction
alter table {schema}.messages
  add column seq bigint,
  add column metadata jsonb;

-- Gives seq to the rows of writers that do not know it. It runs with its owner's rights, because the role of such a
-- writer may have no right to update conversations, and names every object in full, because a search_path is the caller's.
create function {schema}.hwlab_number_message() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
  last bigint;
begin
  -- The lock comes first, in a statement of its own: while a conversation is being numbered this waits, and then
  -- sees that it was.
  select c.last_seq into last
    from {schema}.conversations c
   where c.id = new.conversation_id
     for no key update;
  if not found then
    new.seq := 0; -- the foreign key refuses the row in a moment, with the error that its writer expects
    return new;
  end if;
  if last is null then
    return new; -- not numbered yet: the numbering will find this row
  end if;
  update {schema}.conversations c
     set last_seq = c.last_seq + 1,
         message_count = c.message_count + 1,
         active_at = moment.at,
         active_hour = floor(extract(epoch from moment.at) / 3600)::integer
    from (select case when k.message_count = 0 then new.created_at
                      else greatest(k.active_at, new.created_at) end as at
            from {schema}.conversations k
           where k.id = new.conversation_id) as moment
   where c.id = new.conversation_id
  returning c.last_seq into new.seq;
  return new;
end
$$;
revoke all on function {schema}.hwlab_number_message() from public;

create trigger hwlab_number_message
  before insert on {schema}.messages
  for each row when (new.seq is null)
  execute function {schema}.hwlab_number_message();
