-- $1 and $2: started_at in microseconds and id of the last one seen; $3: how many at most. The first page starts
-- behind everything. `numbers` as in thread_from_first; they are made of the rows of the page only.
select c.id, c.model, c.title, c.metadata,
       encode(timestamptz_send(c.started_at) || timestamptz_send(c.active_at)
              || int8send(c.message_count) || int8send(c.last_seq), 'hex') as numbers
  from (select *
          from {schema}.conversations c
         where (c.started_at, c.id) <
               (coalesce(timestamptz 'epoch' + ($1::bigint / 1000000::bigint)::double precision * interval '1 second'
                                             + ($1::bigint % 1000000::bigint)::double precision * interval '1 microsecond',
                         timestamptz 'infinity'), $2::uuid)
         order by c.started_at desc, c.id desc
         limit $3::bigint) c
 order by c.started_at desc, c.id desc
