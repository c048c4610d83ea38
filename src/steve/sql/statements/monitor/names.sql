-- The types and the queues of live jobs, of the last 10,000 that ended, of workers and settings.
with seen as (
    select distinct j.type, j.queue from steve.job j
    union
    select j.type, j.queue from (
        select a.type, a.queue from steve.job_archive a
        where a.completed_at <= steve.now() + interval '1 day'
        order by a.completed_at desc, a.id desc
        limit 10000
    ) as j
)
select
    array(
        select type from seen
        union
        select unnest(w.types) from steve.worker w where w.died_at is null and w.expires_at > steve.now()
        order by 1
        limit 1000
    ) as types,
    array(
        select queue from seen
        union
        select unnest(w.queues) from steve.worker w where w.died_at is null and w.expires_at > steve.now()
        union
        select q.name from steve.queue q
        order by 1
        limit 1000
    ) as queues;
