-- One message for each of many conversations, the most frequent load, in the fewest steps: what append_batch does for messages
-- without a time or an expected seq when no conversation gets two. $1 conversations in rising order, and in the same order
-- $2 message ids, $3 roles, $4 contents and $5 metadata (null: none has any).
--
-- Locks as append_batch does, and skips as it does. No array is joined: an id's place among rising ones is what
-- width_bucket finds, by a binary search. (It takes any type; without its schema's name one for uuid that somebody has
-- planted would be preferred.)
with locked as materialized (
  select c.id
    from {schema}.conversations c
   where c.id = any ($1::uuid[])
     for no key update of c skip locked
), bumped as (
  update {schema}.conversations c
     set last_seq = c.last_seq + 1,
         message_count = c.message_count + 1,
         active_at = case when c.message_count = 0 or c.active_at < statement_timestamp()
                          then statement_timestamp() else c.active_at end,
         active_hour = case when c.message_count = 0 or c.active_at < statement_timestamp()
                            then floor(date_part('epoch', statement_timestamp()) / 3600::double precision)::integer
                            else c.active_hour end
   where c.id = any (array(select l.id from locked l))
  returning c.id, c.last_seq, pg_catalog.width_bucket(c.id, $1::uuid[]) as place
)
insert into {schema}.messages (id, conversation_id, seq, role, content, metadata, created_at)
select ($2::uuid[])[b.place], b.id, b.last_seq, ($3::text[])[b.place], ($4::text[])[b.place],
       ($5::text[])[b.place]::jsonb, statement_timestamp()
  from bumped b
returning pg_catalog.width_bucket(conversation_id, $1::uuid[]) as place, seq,
          encode(timestamptz_send(created_at), 'hex') as created_at
