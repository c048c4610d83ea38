-- What ended in the last :seconds, or of that the last 20,000 jobs: how many of each status, and
-- the seconds since the first of them.
with latest as (
    select j.status, j.completed_at from steve.job_archive j
    where j.completed_at >= steve.now() - :seconds::double precision * interval '1 second'
        and j.completed_at <= steve.now() + interval '1 day'
    order by j.completed_at desc
    limit 20000
)
select
    steve.now() as now,
    count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'),
    count(*) = 20000 as cut,
    coalesce(extract(epoch from steve.now() - min(completed_at)), 0)::double precision as span
from latest;
