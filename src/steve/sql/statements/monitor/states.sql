-- How the jobs with these uids are doing, with their newest log lines. The parts of the archive are
-- looked at as jobs/find does.
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
    f.id, f.uid, f.type, f.queue, f.status, f.priority, f.attempts, f.max_attempts, f.created_at,
    f.run_at, f.started_at, f.attempted_at, f.completed_at, f.updated_at,
    case when f.worker is not null then
        extract(epoch from coalesce(f.completed_at, steve.now()) - f.attempted_at)::double precision
    end as duration,
    f.progress, f.progress_message,
    (f.status = 'running' and f.cancel_requested_at is not null) as cancelling, f.tags,
    f.error ->> 'type' as error, left(f.error ->> 'message', 500) as message,
    case when pg_column_size(f.payload) < 8192 then left(f.payload::text, 200) else '' end as preview,
    f.worker,
    (
        select l.id from steve.log l
        where l.job_id = f.id
            and l.logged_at between f.created_at - interval '1 day' and steve.now() + interval '1 day'
        order by l.id desc
        limit 1
    ) as log_id
from found f;
