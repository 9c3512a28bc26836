-- run: outside a transaction
-- So that each batch of 0007 finds its conversations at once; dropped by 0010.
drop index concurrently if exists {schema}.conversations_unnumbered;
create index concurrently conversations_unnumbered
  on {schema}.conversations (id) where last_seq is null;
