-- Claims a job by its uid, for a worker that was asleep, with a slot to spare, when it was told of it:
-- as claim.sql would, without looking for what else there is. Nothing is returned when the job is
-- not to be had.
with me as materialized (
    -- Rescue locks this row FOR UPDATE: it waits for this claim, or this claim sees the death.
    select w.id from steve.worker w
    where w.id = :worker::bigint and w.died_at is null and w.expires_at > steve.now()
    for key share
),
due as materialized (
    select j.ctid as tid from me, steve.job j
    where j.uid = :uid::uuid
        and j.status = 'pending'
        and not j.parked
        and j.crashes <= (j.max_crashes > 2)::integer
        and j.run_at <= steve.now()
        and not exists (
            select from steve.queue q
            where q.name = j.queue
                and q.paused_at is not null
                and (q.paused_until is null or q.paused_until > steve.now())
        )
    for update of j skip locked
)
update steve.job j
set status = 'running',
    worker = :worker::bigint,
    attempt_id = nextval('steve.attempt_id'),
    attempts = j.attempts + 1,
    attempted_at = steve.now(),
    updated_at = steve.now()
where j.ctid = (select tid from due)
returning
    j.id, j.uid, j.attempt_id, j.type, j.payload::text, j.attempts, j.refunded, j.crashes,
    j.max_attempts, j.max_crashes, j.created_at, j.attempted_at, j.started_at, j.run_at,
    j.scheduled_at, j.expires_at, j.backoff_strategy, j.queue, j.priority, j.timeout,
    j.unique_key, j.limit_key, j.fair_key, nullif(j.tags, '{}'), nullif(j.meta, '{}')::text;
