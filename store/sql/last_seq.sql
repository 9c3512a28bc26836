-- $1 conversation. No row: there is none.
select c.last_seq from {schema}.conversations c where c.id = $1::uuid
