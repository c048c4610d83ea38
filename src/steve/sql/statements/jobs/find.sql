-- The jobs with these uids, live or archived, with their attempts if :with_attempts.
--
-- The days that a uid's time allows are looked at first, since they are few; the clock that made
-- the uid may be wrong, so the rest of the archive follows for those not found there. One
-- statement: between two of them a job could move from one table to the other unseen.
with live as materialized (
    select j.* from steve.jobs j
    where j.uid = any(:uids::uuid[]) and j.status in ('pending', 'running', 'blocked')
),
recent as materialized (
    select j.* from steve.jobs j
    where j.uid = any(:uids::uuid[])
        and j.status in ('completed', 'failed', 'cancelled', 'expired')
        and j.completed_at between :earliest::timestamptz and :latest::timestamptz
),
missing as materialized (
    select array(
        select u.uid from unnest(:uids::uuid[]) as u (uid)
        except select uid from live
        except select uid from recent
    ) as uids
),
found as (
    select * from live
    union all
    select * from recent
    union all
    select j.* from missing m
    cross join lateral (
        select j.* from steve.jobs j
        where j.uid = any(m.uids)
            and j.status in ('completed', 'failed', 'cancelled', 'expired')
    ) as j
    where m.uids <> '{}'
)
select
    j.id, j.uid, j.attempt_id, j.type, j.payload, j.result, j.status, j.attempts, j.refunded,
    j.crashes, j.max_attempts, j.max_crashes, j.created_at, j.updated_at, j.started_at,
    j.completed_at, j.run_at, j.scheduled_at, j.expires_at, j.backoff_strategy, j.queue,
    j.priority, j.timeout, j.unique_key, j.limit_key, j.fair_key, j.tags, j.meta, j.progress,
    j.progress_message, j.worker, j.error,
    case when :with_attempts::boolean then (
        select jsonb_agg(jsonb_build_array(
            a.id, a.attempt_number, a.started_at, a.completed_at, a.status, a.error_message,
            a.error_details, a.worker
        ) order by a.attempt_number)
        from (
            select
                a.id, a.attempt_number, a.started_at, a.completed_at, a.status, a.error_message,
                a.error_details, a.worker
            from steve.attempt a
            where a.job_id = j.id and a.completed_at >= j.created_at - interval '1 day'
            union all
            -- The attempt that runs, and the one that completed the job, are the job's own row.
            select
                j.attempt_id, j.attempts, j.attempted_at, j.completed_at,
                case j.status when 'running' then 'running' else 'success' end,
                null, null, j.worker
            where j.status in ('running', 'completed')
        ) as a
    ) end as attempt_log
from found j;
