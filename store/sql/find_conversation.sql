-- $1 id, $2 model. Title and metadata may have been changed since, so they are no part of what makes it the same. Locked as in
-- find_messages.
select c.model = $2::text as same, encode(timestamptz_send(c.started_at), 'hex') as started_at
  from {schema}.conversations c
 where c.id = $1::uuid
   for key share
