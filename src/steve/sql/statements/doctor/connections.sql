-- Connections: what the server has in all, what this database and this role may have (-1: as many),
-- how many of each there are, how many of them are steve's workers', and what the live workers run
-- at once. Sessions that this role may not see into are counted as clients.
with session as (
    select a.datname, a.usename, a.application_name
    from pg_stat_activity a
    where a.backend_type = 'client backend' or a.query = '<insufficient privilege>'
)
select
    current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0) as server_limit,
    (select datconnlimit from pg_database where datname = current_database()) as database_limit,
    (select rolconnlimit from pg_roles where rolname = current_user) as role_limit,
    (select count(*) from session) as used,
    (select count(*) from session where datname = current_database()) as used_in_database,
    (select count(*) from session where usename = current_user) as used_by_role,
    (
        select count(*) from session
        where datname = current_database()
            and (application_name like 'steve worker%' or application_name = 'steve listener')
    ) as used_by_workers,
    array(
        select w.concurrency from steve.worker w
        where w.died_at is null and w.expires_at > steve.now()
    ) as handlers;
