-- run: outside a transaction
drop index concurrently if exists {schema}.conversations_by_start;
create index concurrently conversations_by_start
  on {schema}.conversations (started_at desc, id desc);
