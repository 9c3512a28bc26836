-- run: outside a transaction
-- The order of a thread, and the way to read it. Rows without a number do not collide: nulls are distinct. An attempt that
-- was cut off leaves an index that is not valid, so that each one starts afresh.
drop index concurrently if exists {schema}.messages_by_seq;
create unique index concurrently messages_by_seq
  on {schema}.messages (conversation_id, seq);
