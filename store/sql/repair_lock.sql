-- $1 conversation. In a statement of its own: those that follow see what was committed before the lock was had.
select from {schema}.conversations c where c.id = $1::uuid for no key update
