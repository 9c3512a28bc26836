-- $1 conversations. No row for those that do not exist.
select c.id, c.last_seq from {schema}.conversations c where c.id = any ($1::uuid[])
