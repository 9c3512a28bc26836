-- run: in one transaction
-- Not yet validated, so that nobody waits while the table is read; 0012 does that.
alter table {schema}.messages
  add constraint messages_numbered check (seq is not null) not valid;
