-- What became of the messages of an append; the same parameters as append_many, without $2 and $7. The rows are locked, so that
-- this commit waits for a standby exactly as the commit that stored them does: a row can be visible before it is
-- safe. A message that exists in another conversation is given with same = false.
select u.place, m.seq, (extract(epoch from m.created_at) * 1000000)::bigint as created_at,
       m.conversation_id = $1::uuid and m.role = u.role and m.content = u.content
         and m.metadata is not distinct from u.metadata::jsonb as same,
       m.conversation_id = $1::uuid as here
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[])
       with ordinality as u (id, role, content, metadata, place)
  join {schema}.messages m on m.id = u.id
 order by u.place
   for key share of m
