-- The workers that are alive, with what is left of their leases in seconds.
select
    id, name, host, pid, version, queues, types, concurrency, running, memory, registered_at,
    renewed_at, extract(epoch from expires_at - steve.now())::double precision as lease_left,
    stop_requested_at is not null as stopping
from steve.worker
where died_at is null and expires_at > steve.now()
order by id;
