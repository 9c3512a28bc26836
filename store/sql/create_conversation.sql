-- $1 id, $2 model, $3 title, $4 metadata. No row: the id is taken.
insert into {schema}.conversations
       (id, model, title, metadata, started_at, last_seq, message_count, active_at, active_hour)
select $1::uuid, $2::text, $3::text, $4::jsonb, statement_timestamp(), 0, 0, statement_timestamp(),
       floor(date_part('epoch', statement_timestamp()) / 3600::double precision)::integer
on conflict (id) do nothing
returning encode(timestamptz_send(started_at), 'hex') as started_at
