-- $1 and $2: active_at in microseconds and id of the last one seen; $3: how many at most. The index gives the hours in
-- order, an incremental sort what is within them.
select c.id, c.model, c.title, c.metadata,
       (extract(epoch from c.started_at) * 1000000)::bigint as started_at,
       case when c.message_count > 0
            then (extract(epoch from c.active_at) * 1000000)::bigint end as last_message_at,
       c.message_count, c.last_seq,
       (extract(epoch from c.active_at) * 1000000)::bigint as active_at
  from {schema}.conversations c
 where (c.active_hour, c.active_at, c.id) <
       (coalesce(floor($1::bigint / 3600000000.0)::integer, 2147483647),
        coalesce(timestamptz 'epoch' + $1::bigint / 1000000 * interval '1 second'
                          + $1::bigint % 1000000 * interval '1 microsecond', timestamptz 'infinity'),
        $2::uuid)
 order by c.active_hour desc, c.active_at desc, c.id desc
 limit $3::bigint
