-- Two roles and a database: hwlab_owner makes and changes the tables, hwlab_app is the daemon's and can only keep
-- conversations. Once, as a superuser:
--
--   psql --set ON_ERROR_STOP=1 --file examples/roles.sql
--
-- then give both a password (\password hwlab_owner), run 'hwlab-host migrate' with a DSN of hwlab_owner, and
-- examples/grants.sql.
create role hwlab_owner login;
create role hwlab_app login;
create database hwlab owner hwlab_owner encoding 'UTF8' template template0;
\connect hwlab
-- Nobody else comes in, and nobody but the owner makes anything, temporary tables included.
revoke all on database hwlab from public;
grant connect on database hwlab to hwlab_app;
revoke all on schema public from public;
grant usage, create on schema public to hwlab_owner;
grant usage on schema public to hwlab_app;
