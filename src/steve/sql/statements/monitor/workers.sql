-- The workers that are alive, each with the 20 jobs it has run for longest.
with held as (
    select
        j.worker, j.uid, j.type, j.attempted_at, j.progress, j.progress_message,
        row_number() over (partition by j.worker order by j.attempted_at, j.id) as place
    from steve.job j
    where j.status = 'running'
)
select
    w.id, w.name, w.host, w.pid, w.version, w.queues, w.types, w.concurrency, w.running, w.memory,
    w.registered_at, w.renewed_at,
    extract(epoch from w.expires_at - steve.now())::double precision as lease_left,
    w.stop_requested_at is not null as stopping,
    h.uid, h.type, h.attempted_at, h.progress, h.progress_message
from steve.worker w
left join held h on h.worker = w.id and h.place <= 20
where w.died_at is null and w.expires_at > steve.now()
order by w.id, h.place;
