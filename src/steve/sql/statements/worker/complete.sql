-- Completes jobs: each moves from the live table to the archive if the attempt still holds it and
-- nobody asked for its cancellation. Returns one row: the ids of those that did, when that was, and
-- which of them somebody waits for.
-- The arrays are parallel, in the order of uids, so that rows are locked in that order.
with done as (
    select * from unnest(
        :uids::uuid[], :attempt_ids::bigint[], :results::text[], :waits::double precision[]
    ) as d (uid, attempt_id, result, wait)
),
finished as (
    delete from steve.job j using done d
    where j.uid = d.uid
        and j.attempt_id = d.attempt_id
        and j.status = 'running'
        and j.cancel_requested_at is null
    returning j.*, d.result as outcome, j.attempted_at + d.wait * interval '1 second' as began_at
),
archived as (
    insert into steve.job_archive as a (
        id, uid, attempt_id, worker, created_at, updated_at, run_at, scheduled_at, attempted_at,
        started_at, completed_at, expires_at, timeout, attempts, refunded, crashes, max_attempts,
        max_crashes, priority, progress, status, queue, type, backoff_strategy, payload, result,
        error, fingerprint, tags, meta, progress_message, actor, unique_key, limit_key, fair_key,
        limits, blockers, batch_id, schedule
    )
    select
        id, uid, attempt_id, worker, created_at, steve.now(), run_at, scheduled_at, began_at,
        coalesce(started_at, began_at), steve.now(), expires_at, timeout, attempts, refunded,
        crashes, max_attempts, max_crashes, priority, progress, 'completed', queue, type,
        backoff_strategy, payload, outcome::jsonb, error, fingerprint, tags, meta,
        progress_message, actor, unique_key, limit_key, fair_key, limits, blockers, batch_id,
        schedule
    from finished
    returning a.id, a.uid
),
awaited as materialized (
    select uid from steve.sleeper s, unnest(s.uids) as u (uid) where s.until > steve.now()
)
select
    coalesce(array_agg(a.id), '{}') as ids,
    steve.now() as completed_at,
    coalesce(array_agg(a.id) filter (where a.uid in (select uid from awaited)), '{}') as awaited
from archived a;
