-- run: in one transaction
-- Not yet validated, so that nobody waits while the table is read; 0011 does that. Messages have no such constraint: those of
-- writers that do not know seq get it at the end of their transaction, and a constraint cannot wait for that.
alter table {schema}.conversations
  add constraint conversations_numbered
  check (last_seq is not null and active_at is not null and active_hour is not null) not valid;
drop index {schema}.conversations_unnumbered;
drop function {schema}.hwlab_number_conversations(bigint);
