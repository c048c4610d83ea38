-- What is pending that no live worker takes, by queue and type: how many, and for how many seconds
-- the oldest has been due (negative: it is not due yet).
with live as (
    select queues, types from steve.worker where died_at is null and expires_at > steve.now()
)
select
    j.queue, j.type, j.jobs, extract(epoch from steve.now() - j.first_at)::double precision as waited,
    (select count(*) from live) as workers,
    (select count(*) from live w where j.queue = any(w.queues)) as workers_of_queue
from (
    select queue, type, count(*) as jobs, min(run_at) as first_at
    from steve.job
    where status = 'pending'
    group by queue, type
) as j
where not exists (
    select from live w where j.queue = any(w.queues) and (w.types is null or j.type = any(w.types))
)
order by jobs desc, j.queue, j.type;
