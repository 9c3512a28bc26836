-- As thread_from_first, but the newest ones of the range, the newest first.
(select 0::bigint as seq, c.id, c.model as role, c.title as content, c.metadata::text as metadata,
        (extract(epoch from c.started_at) * 1000000)::bigint as created_at,
        (extract(epoch from c.active_at) * 1000000)::bigint as active_at,
        c.message_count, c.last_seq
   from {schema}.conversations c
  where c.id = $1::uuid)
union all
(select m.seq, m.id, m.role, m.content, m.metadata::text,
        (extract(epoch from m.created_at) * 1000000)::bigint, null, null, null
   from {schema}.messages m
  where m.conversation_id = $1::uuid and m.seq > $2::bigint and m.seq < $3::bigint
  order by m.seq desc
  limit $4::bigint)
