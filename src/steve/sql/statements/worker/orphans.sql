-- Jobs that a worker holds by attempts it does not know of.
select
    j.id, j.uid, j.attempt_id, j.type, j.payload, j.attempts, j.refunded, j.crashes,
    j.max_attempts, j.max_crashes, j.created_at, j.attempted_at, j.started_at, j.run_at,
    j.scheduled_at, j.expires_at, j.backoff_strategy, j.queue, j.priority, j.timeout,
    j.unique_key, j.limit_key, j.fair_key, j.tags, j.meta,
    0::bigint as held_back
from steve.job j
where j.status = 'running'
    and j.worker = :worker::bigint
    and not j.attempt_id = any(:known::bigint[]);
