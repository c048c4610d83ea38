-- A page of jobs, the newest first.
-- A filter that is null does not filter; :after is the id of the last job of the page before.
select
    j.id, j.uid, j.attempt_id, j.type, j.payload, j.result, j.status, j.attempts, j.refunded,
    j.crashes, j.max_attempts, j.max_crashes, j.created_at, j.updated_at, j.started_at,
    j.completed_at, j.run_at, j.scheduled_at, j.expires_at, j.backoff_strategy, j.queue,
    j.priority, j.timeout, j.unique_key, j.limit_key, j.fair_key, j.tags, j.meta, j.progress,
    j.progress_message, j.worker, j.error
from steve.jobs j
where (:statuses::text[] is null or j.status = any(:statuses::text[]))
    and (:types::text[] is null or j.type = any(:types::text[]))
    and (:queues::text[] is null or j.queue = any(:queues::text[]))
    and (:tag::text is null or :tag::text = any(j.tags))
    and (:since::timestamptz is null or j.created_at >= :since::timestamptz)
    and (:after::bigint is null or j.id < :after::bigint)
order by j.id desc
limit :limit::bigint
offset :offset::bigint;
