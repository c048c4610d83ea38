-- Takes up to :batch jobs from dead workers. The crash is counted, the attempt refunded: the job is
-- pending again, or failed after more than max_crashes of them, or cancelled if that was requested.
-- A job that its worker is finishing at this moment is locked, and left. Since this waits for
-- nobody it needs no order of locks, and so no more than one scan of the table.
with held as materialized (
    select
        j.id, j.uid, j.attempt_id, j.attempted_at, j.worker, j.attempts,
        case
            when j.cancel_requested_at is not null then 'cancelled'
            when j.crashes + 1 > j.max_crashes then 'failed'
            else 'pending'
        end as status
    from steve.job j
    join steve.worker w on w.id = j.worker
    where j.status = 'running' and j.worker = any(:workers::bigint[]) and w.died_at is not null
    limit :batch::integer
    for update of j skip locked
),
logged as (
    insert into steve.attempt (
        id, job_id, worker, started_at, completed_at, attempt_number, status, error_message,
        error_details
    )
    select
        attempt_id, id, worker, attempted_at, steve.now(), attempts, 'lost',
        'The worker died or was silent beyond its lease',
        jsonb_build_object('type', 'WorkerLost', 'traceback', null)
    from held
),
again as (
    update steve.job j
    set status = 'pending',
        worker = null,
        run_at = steve.now(),
        refunded = j.refunded + 1,
        crashes = j.crashes + 1,
        started_at = coalesce(j.started_at, j.attempted_at),
        updated_at = steve.now()
    from held h
    where j.uid = h.uid and h.status = 'pending'
    returning j.id, j.uid, j.attempt_id, j.type, j.queue, 'pending' as status
),
finished as (
    delete from steve.job j using held h
    where j.uid = h.uid and h.status <> 'pending'
    returning j.*, h.status as outcome
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
        id, uid, attempt_id, worker, created_at, steve.now(), run_at, scheduled_at, attempted_at,
        coalesce(started_at, attempted_at), steve.now(), cancel_requested_at, expires_at, timeout,
        attempts, refunded + 1, crashes + 1, max_attempts, max_crashes, priority, progress,
        outcome, queue, type, backoff_strategy, payload,
        jsonb_build_object(
            'type', 'WorkerLost',
            'message', format('The job was in the hands of %s workers that died', crashes + 1)
        ),
        'WorkerLost', tags, meta, progress_message, actor, unique_key, limit_key, fair_key, limits,
        blockers, batch_id, schedule
    from finished
    returning a.id, a.uid, a.attempt_id, a.type, a.queue, a.status
)
select * from again
union all
select * from archived;
