-- A page of jobs that match, in one of three orders, and where looking for them ended.
--
-- Only the :window jobs from the cursor on are looked at. :stretch are the statuses among which
-- these are counted: it keeps away partitions, and else filters nothing that :statuses does not.
-- A filter that is null does not filter. Where fewer than :limit match, the last columns say where
-- the window ended; they are null when there were no more jobs.
--
-- Planned with its values, so that conditions on nothing but them, and partitions, drop out.
with stretch as not materialized (
    select j.* from steve.jobs j
    where (:stretch::text[] is null or j.status = any(:stretch::text[]))
        and (:first_uid::uuid is null or j.uid >= :first_uid::uuid)
        and (:last_uid::uuid is null or j.uid <= :last_uid::uuid)
        and (:first_end::timestamptz is null or j.completed_at >= :first_end::timestamptz)
        and (:after_uid::uuid is null or case
            when :order::text = 'oldest' then j.uid > :after_uid::uuid
            else j.uid < :after_uid::uuid
        end)
        and (:after_id::bigint is null or (j.completed_at, j.id) < (:after_end::timestamptz, :after_id::bigint))
    order by
        case when :order::text = 'newest' then j.uid end desc,
        case when :order::text = 'oldest' then j.uid end,
        case when :order::text = 'finished' then j.completed_at end desc,
        case when :order::text = 'finished' then j.id end desc
    limit :window::bigint
),
found as materialized (
    select s.*, row_number() over () as place from stretch s
    where (:statuses::text[] is null or s.status = any(:statuses::text[]))
        and (:types::text[] is null or s.type = any(:types::text[]))
        and (:queues::text[] is null or s.queue = any(:queues::text[]))
        and (:tag::text is null or :tag::text = any(s.tags))
        and (:fingerprint::text is null or s.fingerprint = :fingerprint::text)
        and (:since::timestamptz is null or s.created_at >= :since::timestamptz)
        and (:until::timestamptz is null or s.created_at < :until::timestamptz)
        and (:error::text is null
            or s.error ->> 'type' ilike :error::text or s.error ->> 'message' ilike :error::text)
        and (:path::text is null
            or jsonb_path_query_first(s.payload, :path::jsonpath, '{}', true) not in ('null', 'false'))
    limit :limit::bigint
),
ended as (
    select s.uid, s.completed_at, s.id from stretch s
    where (select count(*) from found) < :limit::bigint
    offset :window::bigint - 1
)
select
    f.id, f.uid, f.type, f.queue, f.status, f.priority, f.attempts, f.max_attempts, f.created_at,
    f.run_at, f.started_at, f.attempted_at, f.completed_at, f.updated_at,
    case when f.worker is not null then
        extract(epoch from coalesce(f.completed_at, steve.now()) - f.attempted_at)::double precision
    end as duration,
    f.progress, f.progress_message,
    (f.status = 'running' and f.cancel_requested_at is not null) as cancelling, f.tags,
    f.error ->> 'type' as error, left(f.error ->> 'message', 500) as message,
    case when pg_column_size(f.payload) < 8192 then left(f.payload::text, 200) else '' end as preview,
    f.worker, null::bigint as log_id,
    e.uid, e.completed_at, e.id
from (values (true)) as one (row)
left join ended e on true
left join found f on true
order by f.place;
