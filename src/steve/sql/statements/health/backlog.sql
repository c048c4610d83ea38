-- The oldest job that could run now, the types pending that no live worker handles, the database.
select
    (
        select extract(epoch from steve.now() - min(j.run_at))::double precision from steve.job j
        where j.status = 'pending' and j.run_at <= steve.now()
            and not exists (select from steve.queue q where q.name = j.queue and q.paused_at is not null
                and (q.paused_until is null or q.paused_until > steve.now()))
    ) as oldest_ready_seconds,
    array(
        select distinct j.type from steve.job j
        where j.status = 'pending'
            and not exists (
                select from steve.worker w
                where w.died_at is null and w.expires_at > steve.now()
                    and j.queue = any(w.queues) and (w.types is null or j.type = any(w.types))
            )
        order by 1
    ) as unhandled_types,
    current_setting('server_version') as version,
    steve.now() as now,
    current_setting('max_connections')::integer as max_connections,
    (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections;
