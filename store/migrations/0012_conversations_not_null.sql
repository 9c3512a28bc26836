-- run: in one transaction
-- The same as the constraint says, which proves it without reading the table, and cheaper: an expression is parsed anew
-- for every statement that updates a conversation.
alter table {schema}.conversations
  alter column last_seq set not null,
  alter column active_at set not null,
  alter column active_hour set not null;
alter table {schema}.conversations drop constraint conversations_numbered;
