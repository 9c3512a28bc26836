-- $1 message, $2 conversation, $3 role, $4 content, $5 metadata, $6 created_at in microseconds, $7 expected last seq.
-- The update locks the conversation's row until the commit: the order of seq is the order of commits. No row: there is no
-- such conversation, or its last seq is another.
with moment as (
  -- In two parts: an interval is multiplied in floating point, which is not exact for microseconds after 2255.
  select coalesce(timestamptz 'epoch' + $6::bigint / 1000000 * interval '1 second'
                          + $6::bigint % 1000000 * interval '1 microsecond',
                  statement_timestamp()) as created_at
), bumped as (
  update {schema}.conversations c
     set last_seq = c.last_seq + 1,
         message_count = c.message_count + 1,
         active_at = case when c.message_count = 0 then moment.created_at
                          else greatest(c.active_at, moment.created_at) end,
         active_hour = floor(extract(epoch from
                         case when c.message_count = 0 then moment.created_at
                              else greatest(c.active_at, moment.created_at) end) / 3600)::integer
    from moment
   where c.id = $2::uuid and ($7::bigint is null or c.last_seq = $7::bigint)
  returning c.last_seq
)
insert into {schema}.messages (id, conversation_id, seq, role, content, metadata, created_at)
select $1::uuid, $2::uuid, bumped.last_seq, $3::text, $4::text, $5::jsonb, moment.created_at
  from bumped, moment
returning seq, (extract(epoch from created_at) * 1000000)::bigint as created_at
