-- What became of messages that were sent: $1 ids, $2 the conversations that they were for, $3 roles, $4 contents, $5 metadata,
-- arrays of one length. A message that stands elsewhere, or is another one, is given with same = false. The rows are locked,
-- so that this commit waits for a standby exactly as the commit that stored them does: a row can be visible before it is
-- safe.
select u.place, m.seq, encode(timestamptz_send(m.created_at), 'hex') as created_at,
       m.conversation_id = u.conversation_id and m.role = u.role and m.content = u.content
         and m.metadata is not distinct from u.metadata::jsonb as same
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
       with ordinality as u (id, conversation_id, role, content, metadata, place)
  join {schema}.messages m on m.id = u.id
 order by u.place
   for key share of m
