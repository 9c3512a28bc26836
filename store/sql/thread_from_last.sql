-- As thread_from_first, but the newest ones of the range, the newest first.
(select 0::bigint as seq, c.id, c.model as role, c.title as content, c.metadata,
        encode(timestamptz_send(c.started_at) || timestamptz_send(c.active_at)
               || int8send(c.message_count) || int8send(c.last_seq), 'hex') as numbers
   from {schema}.conversations c
  where c.id = $1::uuid)
union all
(select m.seq, m.id, m.role, m.content, m.metadata, encode(timestamptz_send(m.created_at), 'hex')
   from {schema}.messages m
  where m.conversation_id = $1::uuid and m.seq > $2::bigint and m.seq < $3::bigint
  order by m.seq desc
  limit $4::bigint)
