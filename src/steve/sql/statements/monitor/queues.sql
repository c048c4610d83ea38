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
-- There is no sample of a stretch in which nothing has ended; the last one says how far they reach.
minute as materialized (
    select s.began_at - interval '50 seconds' as since, s.began_at as last from steve.sample s
    where s.width = 10 and s.queue = ''
        and s.began_at between steve.now() - interval '2 minutes' and steve.now()
    order by s.began_at desc
    limit 1
),
did as (
    select s.queue, sum(s.completed) / 60.0 as completed, sum(s.failed) / 60.0 as failed
    from minute m
    join steve.sample s on s.width = 10 and s.began_at between m.since and m.last
    group by s.queue
),
waited as (
    select b.queue, array_agg(b.jobs order by b.bucket) as waits
    from (
        select s.queue, w.bucket, sum(w.jobs)::integer as jobs
        from minute m
        join steve.sample s on s.width = 10 and s.began_at between m.since and m.last
        cross join unnest(s.waits) with ordinality as w (jobs, bucket)
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
    case when m.last is not null then coalesce(d.completed, 0)::double precision end,
    case when m.last is not null then coalesce(d.failed, 0)::double precision end,
    w.waits
from known k
left join counted c on c.queue = k.queue
left join steve.queue q on q.name = k.queue
left join minute m on true
left join did d on d.queue = k.queue
left join waited w on w.queue = k.queue
cross join lateral (
    select q.paused_at is not null and (q.paused_until is null or q.paused_until > steve.now())
) as p (paused)
order by k.queue;
