-- run: in one transaction
-- Reads the table while others write.
alter table {schema}.conversations validate constraint conversations_numbered;
