-- How many of the next :window jobs, the newest first, match; see rows. And where the window ended,
-- null when there were no more jobs.
with stretch as (
    select j.* from steve.jobs j
    where (:stretch::text[] is null or j.status = any(:stretch::text[]))
        and (:first_uid::uuid is null or j.uid >= :first_uid::uuid)
        and (:last_uid::uuid is null or j.uid <= :last_uid::uuid)
        and (:after_uid::uuid is null or j.uid < :after_uid::uuid)
    order by j.uid desc
    limit :window::bigint
)
select
    count(*) filter (
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
    ) as matching,
    case when count(*) = :window::bigint then min(s.uid::text)::uuid end as ended
from stretch s;
