-- run: outside a transaction
-- By the hour alone: it changes at most once an hour, so the update of an append can stay within its page (HOT), which an
-- index on the time itself would never allow. A listing sorts what is within an hour (incremental sort).
drop index concurrently if exists {schema}.conversations_by_active_hour;
create index concurrently conversations_by_active_hour
  on {schema}.conversations (active_hour desc);
