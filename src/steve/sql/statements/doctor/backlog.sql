-- What could run now and is not taken, by queue and type: how many, and for how many seconds the
-- oldest has waited. Paused queues and types that nobody handles are left out.
select
    j.queue, j.type, j.jobs, extract(epoch from steve.now() - j.first_at)::double precision as waited
from (
    select queue, type, count(*) as jobs, min(run_at) as first_at
    from steve.job
    where status = 'pending' and run_at <= steve.now()
    group by queue, type
) as j
where exists (
        select from steve.worker w
        where w.died_at is null and w.expires_at > steve.now()
            and j.queue = any(w.queues) and (w.types is null or j.type = any(w.types))
    )
    and not exists (
        select from steve.queue q
        where q.name = j.queue and q.paused_at is not null
            and (q.paused_until is null or q.paused_until > steve.now())
    )
order by waited desc;
