-- The last :window failures of the last :seconds, by what failed: the most frequent first, with the
-- last one of each group, and of each failure the 24th of that time in which it was. The last
-- columns are the same in all rows: how many were looked at, and when the first of them was.
with failed as materialized (
    select
        j.uid, j.type, j.completed_at, coalesce(j.fingerprint, '') as fingerprint,
        coalesce(j.error ->> 'type', '') as error, coalesce(left(j.error ->> 'message', 500), '') as message
    from steve.job_archive j
    where j.status = 'failed'
        and j.completed_at >= steve.now() - :seconds::double precision * interval '1 second'
        and j.completed_at <= steve.now() + interval '1 day'
        and (:types::text[] is null or j.type = any(:types::text[]))
    order by j.completed_at desc, j.id desc
    limit :window::bigint
),
grouped as (
    select
        f.fingerprint, f.type, f.error, count(*) as jobs, min(f.completed_at) as first_at,
        max(f.completed_at) as last_at,
        (array_agg(f.uid order by f.completed_at desc))[1] as uid,
        array_agg(width_bucket(
            extract(epoch from steve.now() - f.completed_at)::double precision,
            :seconds::double precision, 0, 24
        )) as parts
    from failed f
    group by f.fingerprint, f.type, f.error
)
select
    g.fingerprint, g.type, g.error, last.message, g.jobs, g.first_at, g.last_at, g.uid, g.parts,
    (select count(*) from failed), (select min(completed_at) from failed)
from grouped g
join failed last on last.uid = g.uid
order by g.jobs desc, g.last_at desc
limit 500;
