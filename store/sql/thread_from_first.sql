-- $1 conversation, $2 after seq, $3 before seq, $4 how many at most, the oldest; thread_from_last is made of this by an
-- order that is turned round. The first row (seq 0) is the conversation, in the
-- columns of a message, so that one statement, one round trip and one snapshot give both, its texts are not repeated
-- beside each message, and no message carries columns of nulls. `numbers` are of 16 hexadecimal digits each: times in
-- microseconds since 2000, the conversation's last two message_count and last_seq. As decimal digits since 1970 a time
-- takes the server three times as long, a quarter of all that reading a message costs it.
(select 0::bigint as seq, c.id, c.model as role, c.title as content, c.metadata,
        encode(timestamptz_send(c.started_at) || timestamptz_send(c.active_at)
               || int8send(c.message_count) || int8send(c.last_seq), 'hex') as numbers
   from {schema}.conversations c
  where c.id = $1::uuid)
union all
(select m.seq, m.id, m.role, m.content, m.metadata, encode(timestamptz_send(m.created_at), 'hex')
   from {schema}.messages m
  where m.conversation_id = $1::uuid and m.seq > $2::bigint and m.seq < $3::bigint
  order by m.seq
  limit $4::bigint)
