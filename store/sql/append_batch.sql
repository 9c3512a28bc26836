-- The messages of many calls in one statement. The conversations: $1 ids in rising order, $2 how many messages each gets,
-- $3 the last seq that it must have (null: any), $4 the latest time that its messages bring along, in microseconds (null:
-- none does), $5 the place of the last one that brings none (null: all do). The messages: $6 ids, $7 the place of their
-- conversation in $1, $8 their place among its messages, $9 roles, $10 contents, $11 metadata, $12 created_at in microseconds
-- (null: the time of the statement, and a microsecond more for each place, for readers that order by time). Places count
-- from 1. An array of nothing but nulls is null itself.
--
-- A conversation that somebody holds is skipped, as is one that does not exist or has another last seq: none of its
-- messages is stored then, and they give no row. It never waits for a lock, or two such statements would deadlock (the
-- order in which an update locks its rows is the planner's), and one conversation would hold up all.
--
-- The planner takes every array for ten elements, and a join with a table of a few thousand rows for cheaper when it reads
-- all of them. So conversations are found by "= any", which is a search in the index for each id at any size, and each
-- array is joined only once, by a hash. Within a conversation the rows that are given have the order of seq.
with locked as materialized (
  select c.id
    from {schema}.conversations c
   where c.id = any ($1::uuid[])
     for no key update of c skip locked
), held as materialized (
  select u.id, u.place, ($2::integer[])[u.place] as messages, ($3::bigint[])[u.place] as expected,
         case when u.latest is null then statement_timestamp() + (u.last_now - 1)::double precision * interval '1 microsecond'
              -- In two parts: an interval is multiplied in floating point, which is not exact for microseconds after 2255.
              else greatest(timestamptz 'epoch'
                              + (u.latest / 1000000::bigint)::double precision * interval '1 second'
                              + (u.latest % 1000000::bigint)::double precision * interval '1 microsecond',
                            statement_timestamp() + (u.last_now - 1)::double precision * interval '1 microsecond')
          end as created_at
    from (select p.id, p.place, ($4::bigint[])[p.place] as latest, ($5::integer[])[p.place] as last_now
            from (select l.id, pg_catalog.width_bucket(l.id, $1::uuid[]) as place from locked l offset 0) p
          offset 0) u
), bumped as (
  update {schema}.conversations c
     set last_seq = c.last_seq + held.messages,
         message_count = c.message_count + held.messages,
         active_at = case when c.message_count = 0 or c.active_at < held.created_at
                          then held.created_at else c.active_at end,
         active_hour = case when c.message_count = 0 or c.active_at < held.created_at
                            then floor(extract(epoch from held.created_at)::numeric / 3600::numeric)::integer
                            else c.active_hour end
    from held
   where c.id = any ($1::uuid[]) and c.id = held.id
     and (held.expected is null or c.last_seq = held.expected)
  returning c.id, held.place, c.last_seq - held.messages as base
)
insert into {schema}.messages (id, conversation_id, seq, role, content, metadata, created_at)
select m.id, bumped.id, bumped.base + m.place, m.role, m.content, m.metadata::jsonb,
       case when m.created_at is null then statement_timestamp() + (m.place - 1)::double precision * interval '1 microsecond'
            else timestamptz 'epoch' + (m.created_at / 1000000::bigint)::double precision * interval '1 second'
                                     + (m.created_at % 1000000::bigint)::double precision * interval '1 microsecond' end
  from unnest($6::uuid[], $7::integer[], $8::integer[], $9::text[], $10::text[], $11::text[], $12::bigint[])
       as m (id, conversation, place, role, content, metadata, created_at)
       join bumped on bumped.place = m.conversation
returning pg_catalog.width_bucket(conversation_id, $1::uuid[]) as place, seq,
          encode(timestamptz_send(created_at), 'hex') as created_at
