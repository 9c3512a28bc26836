-- run: in one transaction
-- Each append changes the row of its conversation. With room on its page the new version stays there, and no index is
-- touched (HOT); without, the row moves, and each of three indexes grows. For rows written from now on.
alter table {schema}.conversations set (fillfactor = 80);
