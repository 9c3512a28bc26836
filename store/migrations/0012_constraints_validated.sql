-- run: in one transaction
-- Reads both tables while others write.
alter table {schema}.messages validate constraint messages_numbered;
alter table {schema}.conversations validate constraint conversations_numbered;
