-- $1 id, $2 model. Title and metadata may have been changed since, so they are no part of what makes it the same. Locked as in
-- find_messages.
select c.model = $2::text as same, (extract(epoch from c.started_at) * 1000000)::bigint as started_at
  from {schema}.conversations c
 where c.id = $1::uuid
   for key share
