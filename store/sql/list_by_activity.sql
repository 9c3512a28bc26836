-- $1 and $2: active_at in microseconds and id of the last one seen; $3: how many at most. The index gives the hours in
-- order, an incremental sort what is within them. `numbers` as in list_by_start.
select c.id, c.model, c.title, c.metadata,
       encode(timestamptz_send(c.started_at) || timestamptz_send(c.active_at)
              || int8send(c.message_count) || int8send(c.last_seq), 'hex') as numbers
  from (select *
          from {schema}.conversations c
         where (c.active_hour, c.active_at, c.id) <
               (coalesce(floor($1::bigint::numeric / 3600000000::numeric)::integer, 2147483647),
                coalesce(timestamptz 'epoch' + ($1::bigint / 1000000::bigint)::double precision * interval '1 second'
                                             + ($1::bigint % 1000000::bigint)::double precision * interval '1 microsecond',
                         timestamptz 'infinity'), $2::uuid)
         order by c.active_hour desc, c.active_at desc, c.id desc
         limit $3::bigint) c
 order by c.active_hour desc, c.active_at desc, c.id desc
