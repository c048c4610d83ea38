-- Ends attempts that did not complete their job. Each row decides what becomes of the job:
--
--   outcome      the job becomes
--   'error'      pending again in :delays seconds, or failed when no attempt is left
--   'snoozed'    pending again in :delays seconds, the attempt refunded
--   'released'   pending again at once, the attempt refunded
--   'failed'     failed
--   'cancelled'  cancelled
--
-- and cancelled in any case if its cancellation was requested. Only attempts that still hold their
-- job count; they are returned with the job's new status. The arrays are parallel; a wait of null
-- says that the handler never started.
with ended as (
    select * from unnest(
        :uids::uuid[], :attempt_ids::bigint[], :outcomes::text[], :delays::double precision[],
        :waits::double precision[], :errors::text[], :messages::text[], :tracebacks::text[],
        :fingerprints::text[]
    ) as e (uid, attempt_id, outcome, delay, wait, error, message, traceback, fingerprint)
),
held as materialized (
    select
        j.id, j.uid, j.worker, j.attempts, e.attempt_id, e.outcome, e.delay, e.error, e.message,
        e.traceback,
        coalesce(e.fingerprint, j.fingerprint) as fingerprint,
        case
            when j.cancel_requested_at is not null or e.outcome = 'cancelled' then 'cancelled'
            when e.outcome = 'failed' then 'failed'
            when e.outcome = 'error' and j.attempts - j.refunded >= j.max_attempts then 'failed'
            else 'pending'
        end as status,
        case
            when e.error is null then j.error
            else jsonb_build_object('type', e.error, 'message', e.message)
        end as job_error,
        j.attempted_at + coalesce(e.wait, 0) * interval '1 second' as began_at,
        coalesce(j.started_at, j.attempted_at + e.wait * interval '1 second') as first_began_at
    from steve.job j
    join ended e on e.uid = j.uid and e.attempt_id = j.attempt_id
    where j.status = 'running'
    order by j.uid
    for update of j
),
logged as (
    insert into steve.attempt (
        id, job_id, worker, started_at, completed_at, attempt_number, status, error_message,
        error_details, fingerprint
    )
    select
        attempt_id, id, worker, began_at, steve.now(), attempts,
        case
            when outcome in ('error', 'failed') then 'error'
            when status = 'cancelled' then 'cancelled'
            else outcome
        end,
        message,
        case when error is not null then jsonb_build_object('type', error, 'traceback', traceback) end,
        case when error is not null then fingerprint end
    from held
),
again as (
    update steve.job j
    set status = 'pending',
        worker = null,
        run_at = steve.now() + coalesce(h.delay, 0) * interval '1 second',
        refunded = j.refunded + (h.outcome in ('snoozed', 'released'))::integer,
        attempted_at = h.began_at,
        started_at = h.first_began_at,
        updated_at = steve.now(),
        error = h.job_error,
        fingerprint = h.fingerprint
    from held h
    where j.uid = h.uid and h.status = 'pending'
    returning j.id, j.uid, 'pending' as status, j.run_at, j.updated_at
),
finished as (
    delete from steve.job j using held h
    where j.uid = h.uid and h.status <> 'pending'
    returning
        j.*, h.status as outcome, h.job_error, h.fingerprint as cause, h.began_at, h.first_began_at
),
archived as (
    insert into steve.job_archive as a (
        id, uid, attempt_id, worker, created_at, updated_at, run_at, scheduled_at, attempted_at,
        started_at, completed_at, cancel_requested_at, expires_at, timeout, attempts, refunded,
        crashes, max_attempts, max_crashes, priority, progress, status, queue, type,
        backoff_strategy, payload, error, fingerprint, tags, meta, progress_message, actor,
        unique_key, limit_key, fair_key, limits, blockers, batch_id, schedule
    )
    select
        id, uid, attempt_id, worker, created_at, steve.now(), run_at, scheduled_at, began_at,
        first_began_at, steve.now(), cancel_requested_at, expires_at, timeout, attempts, refunded,
        crashes, max_attempts, max_crashes, priority, progress, outcome, queue, type,
        backoff_strategy, payload, job_error, cause, tags, meta, progress_message, actor,
        unique_key, limit_key, fair_key, limits, blockers, batch_id, schedule
    from finished
    returning a.id, a.uid, a.status, a.run_at, a.completed_at
),
awaited as materialized (
    select uid from steve.sleeper s, unnest(s.uids) as u (uid) where s.until > steve.now()
)
select
    r.id, r.status, r.run_at, r.changed_at,
    r.status <> 'pending' and r.uid in (select uid from awaited) as awaited
from (select * from again union all select * from archived) as r (id, uid, status, run_at, changed_at);
