-- $1 message, $2 conversation, $3 role, $4 content, $5 metadata. What append_batch does for one message without a time or an
-- expected seq, in the fewest steps. The update locks the conversation's row until the commit: the order of seq is the
-- order of commits. No row: there is no such conversation.
with bumped as (
  update {schema}.conversations c
     set last_seq = c.last_seq + 1,
         message_count = c.message_count + 1,
         active_at = case when c.message_count = 0 or c.active_at < statement_timestamp()
                          then statement_timestamp() else c.active_at end,
         active_hour = case when c.message_count = 0 or c.active_at < statement_timestamp()
                            then floor(date_part('epoch', statement_timestamp()) / 3600::double precision)::integer
                            else c.active_hour end
   where c.id = $2::uuid
  returning c.last_seq
)
insert into {schema}.messages (id, conversation_id, seq, role, content, metadata, created_at)
select $1::uuid, $2::uuid, bumped.last_seq, $3::text, $4::text, $5::jsonb, statement_timestamp()
  from bumped
returning 1 as place, seq, encode(timestamptz_send(created_at), 'hex') as created_at
