-- $1 and $2: started_at in microseconds and id of the last one seen; $3: how many at most. The first page starts
-- behind everything.
select c.id, c.model, c.title, c.metadata,
       (extract(epoch from c.started_at) * 1000000)::bigint as started_at,
       case when c.message_count > 0
            then (extract(epoch from c.active_at) * 1000000)::bigint end as last_message_at,
       c.message_count, c.last_seq
  from {schema}.conversations c
 where (c.started_at, c.id) < (coalesce(timestamptz 'epoch' + $1::bigint / 1000000 * interval '1 second'
                          + $1::bigint % 1000000 * interval '1 microsecond',
                                        timestamptz 'infinity'), $2::uuid)
 order by c.started_at desc, c.id desc
 limit $3::bigint
