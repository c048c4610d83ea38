-- Everything about one job. JSON comes as text that is cut after :most characters, with its whole
-- length in bytes; of the attempts the last 100 come.
with live as materialized (
    select j.* from steve.jobs j
    where j.uid = :uid::uuid and j.status in ('pending', 'running', 'blocked')
),
recent as materialized (
    select j.* from steve.jobs j
    where j.uid = :uid::uuid
        and j.status in ('completed', 'failed', 'cancelled', 'expired')
        and j.completed_at between :earliest::timestamptz and :latest::timestamptz
),
found as (
    select * from live
    union all
    select * from recent
    union all
    select j.* from steve.jobs j
    where j.uid = :uid::uuid
        and j.status in ('completed', 'failed', 'cancelled', 'expired')
        and not exists (select from live)
        and not exists (select from recent)
)
select
    f.id, f.uid, f.type, f.queue, f.status, f.priority, f.attempts, f.max_attempts, f.created_at,
    f.run_at, f.started_at, f.attempted_at, f.completed_at, f.updated_at,
    case when f.worker is not null then
        extract(epoch from coalesce(f.completed_at, steve.now()) - f.attempted_at)::double precision
    end as duration,
    f.progress, f.progress_message,
    (f.status = 'running' and f.cancel_requested_at is not null) as cancelling, f.tags,
    f.error ->> 'type' as error, f.error ->> 'message' as message,
    case when pg_column_size(f.payload) < 8192 then left(f.payload::text, 200) else '' end as preview,
    f.worker,
    (
        select l.id from steve.log l
        where l.job_id = f.id and l.logged_at >= f.created_at - interval '1 day'
        order by l.id desc
        limit 1
    ) as log_id,
    f.scheduled_at, f.expires_at, f.timeout, f.backoff_strategy, f.max_crashes, f.crashes,
    f.refunded, f.unique_key, f.limit_key, f.fair_key, f.actor,
    (select w.name from steve.worker w where w.id = f.worker) as worker_name,
    f.fingerprint,
    left(payload.text, :most::integer) as payload, octet_length(payload.text) as payload_bytes,
    left(result.text, :most::integer) as result, octet_length(result.text) as result_bytes,
    left(meta.text, :most::integer) as meta, octet_length(meta.text) as meta_bytes,
    (
        select jsonb_agg(jsonb_build_array(
            a.attempt_number, a.status, a.started_at, a.completed_at, a.worker, a.error_message,
            a.error_details
        ) order by a.attempt_number)
        from (
            select * from (
                select
                    a.attempt_number, a.status, a.started_at, a.completed_at, a.worker,
                    a.error_message, a.error_details
                from steve.attempt a
                where a.job_id = f.id and a.completed_at >= f.created_at - interval '1 day'
                union all
                -- The attempt that runs, and the one that completed the job, are the job's own row.
                select
                    f.attempts, case f.status when 'running' then 'running' else 'success' end,
                    f.attempted_at, f.completed_at, f.worker, null, null
                where f.status in ('running', 'completed')
            ) as a
            order by a.attempt_number desc
            limit 100
        ) as a
    ) as attempts,
    steve.now() as now
from found f
cross join lateral (select f.payload::text offset 0) as payload (text)
cross join lateral (select f.result::text offset 0) as result (text)
cross join lateral (select f.meta::text offset 0) as meta (text);
