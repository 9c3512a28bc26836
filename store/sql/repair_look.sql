-- $1 the last id seen, $2 how many at most. Those conversations, and whether they need to be mended.
select c.id,
       c.last_seq is null or c.last_seq < held.last_seq or held.unnumbered > 0
       or (c.message_count, c.active_at, c.active_hour) is distinct from
          (held.messages, coalesce(held.active_at, c.started_at),
           floor(extract(epoch from coalesce(held.active_at, c.started_at))::numeric / 3600::numeric)::integer) as wrong
  from (select * from {schema}.conversations
         where id > $1::uuid
         order by id
         limit $2::bigint) as c
 cross join lateral
       (select count(*) as messages, coalesce(max(m.seq), 0) as last_seq, max(m.created_at) as active_at,
               count(*) filter (where m.seq is null) as unnumbered
          from {schema}.messages m
         where m.conversation_id = c.id) as held
 order by c.id
