-- $1 conversation, $2 expected last seq; arrays of one length: $3 messages, $4 roles, $5 contents, $6 metadata,
-- $7 created_at in microseconds. All of them or none, with consecutive seq in the order of the arrays. A batch's
-- times differ by a microsecond each, for readers that order by time.
with unit as materialized (
  select u.id, u.role, u.content, u.metadata, u.place,
         coalesce(timestamptz 'epoch' + u.created_at / 1000000 * interval '1 second'
                          + u.created_at % 1000000 * interval '1 microsecond',
                  statement_timestamp() + (u.place - 1) * interval '1 microsecond') as created_at
    from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[])
         with ordinality as u (id, role, content, metadata, created_at, place)
), moment as (
  select count(*) as messages, max(created_at) as created_at from unit
), bumped as (
  update {schema}.conversations c
     set last_seq = c.last_seq + moment.messages,
         message_count = c.message_count + moment.messages,
         active_at = case when c.message_count = 0 then moment.created_at
                          else greatest(c.active_at, moment.created_at) end,
         active_hour = floor(extract(epoch from
                         case when c.message_count = 0 then moment.created_at
                              else greatest(c.active_at, moment.created_at) end) / 3600)::integer
    from moment
   where c.id = $1::uuid and ($2::bigint is null or c.last_seq = $2::bigint)
  returning c.last_seq - moment.messages as base
)
insert into {schema}.messages (id, conversation_id, seq, role, content, metadata, created_at)
select unit.id, $1::uuid, bumped.base + unit.place, unit.role, unit.content,
       unit.metadata::jsonb, unit.created_at
  from bumped, unit
returning seq, (extract(epoch from created_at) * 1000000)::bigint as created_at
