-- Every queue that has jobs, a live worker or settings of its own, with how it did in the last
-- minute that was sampled: what ended per second, and the sum of the histograms of waits.
with
counted as (
    select
        queue,
        count(*) filter (where status = 'pending' and run_at <= steve.now()) as ready,
        count(*) filter (where status = 'pending' and run_at > steve.now()) as scheduled,
        count(*) filter (where status = 'running') as running,
        count(*) filter (where status = 'blocked') as blocked,
        min(run_at) filter (where status = 'pending' and run_at <= steve.now()) as oldest_at
    from steve.job
    group by queue
),
known as (
    select queue from counted
    union select name from steve.queue
    union select unnest(queues) from steve.worker where died_at is null and expires_at > steve.now()
),
minute as (
    select
        queue, sum(completed) / (10.0 * count(*)) as completed, sum(failed) / (10.0 * count(*)) as failed
    from steve.sample
    where width = 10 and began_at >= steve.now() - interval '75 seconds'
    group by queue
),
waited as (
    select b.queue, array_agg(b.jobs order by b.bucket) as waits
    from (
        select s.queue, w.bucket, sum(w.jobs)::integer as jobs
        from steve.sample s
        cross join unnest(s.waits) with ordinality as w (jobs, bucket)
        where s.width = 10 and s.began_at >= steve.now() - interval '75 seconds'
        group by s.queue, w.bucket
    ) as b
    group by b.queue
)
select
    k.queue,
    coalesce(c.ready, 0), coalesce(c.scheduled, 0), coalesce(c.running, 0), coalesce(c.blocked, 0),
    (
        select count(*) from steve.worker w
        where w.died_at is null and w.expires_at > steve.now() and k.queue = any(w.queues)
    ) as workers,
    p.paused, q.paused_at, q.paused_until, q.paused_by,
    case when not p.paused then extract(epoch from steve.now() - c.oldest_at)::double precision end,
    m.completed::double precision, m.failed::double precision, w.waits
from known k
left join counted c on c.queue = k.queue
left join steve.queue q on q.name = k.queue
left join minute m on m.queue = k.queue
left join waited w on w.queue = k.queue
cross join lateral (
    select q.paused_at is not null and (q.paused_until is null or q.paused_until > steve.now())
) as p (paused)
order by k.queue;
