-- run: in one transaction
alter table {schema}.conversations
  add constraint conversations_numbered
  check (last_seq is not null and active_at is not null and active_hour is not null) not valid;
drop index {schema}.conversations_unnumbered;
drop function {schema}.hwlab_number_conversations(bigint);
