-- $1 conversation, which is locked and whose messages have numbers.
update {schema}.conversations c
   set last_seq = greatest(c.last_seq, held.last_seq),
       message_count = held.messages,
       active_at = coalesce(held.active_at, c.started_at),
       active_hour = floor(extract(epoch from coalesce(held.active_at, c.started_at))::numeric / 3600::numeric)::integer
  from (select count(*) as messages, coalesce(max(m.seq), 0) as last_seq, max(m.created_at) as active_at
          from {schema}.messages m
         where m.conversation_id = $1::uuid) as held
 where c.id = $1::uuid
