-- Every queue that has jobs, a live worker or settings of its own.
with
counted as (
    select
        queue,
        count(*) filter (where status = 'pending' and run_at <= steve.now()) as ready,
        count(*) filter (where status = 'pending' and run_at > steve.now()) as scheduled,
        count(*) filter (where status = 'running') as running
    from steve.job
    group by queue
),
known as (
    select queue from counted
    union select name from steve.queue
    union select unnest(queues) from steve.worker where died_at is null and expires_at > steve.now()
)
select
    k.queue,
    coalesce(c.ready, 0), coalesce(c.scheduled, 0), coalesce(c.running, 0),
    q.paused_at is not null and (q.paused_until is null or q.paused_until > steve.now()) as paused,
    q.paused_at, q.paused_until, q.paused_by,
    (
        select count(*) from steve.worker w
        where w.died_at is null and w.expires_at > steve.now() and k.queue = any(w.queues)
    ) as workers
from known k
left join counted c on c.queue = k.queue
left join steve.queue q on q.name = k.queue
order by k.queue;
