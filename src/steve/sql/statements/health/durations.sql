-- Jobs by status, type and queue: all live ones, and those that ended in the last :since seconds,
-- with the durations of their last attempts in seconds.
select
    status, type, queue, count(*),
    avg(seconds)::double precision, percentile_cont(0.5) within group (order by seconds),
    percentile_cont(0.95) within group (order by seconds),
    percentile_cont(0.99) within group (order by seconds)
from (
    select status, type, queue, null::double precision as seconds from steve.job
    union all
    select status, type, queue, extract(epoch from completed_at - attempted_at)::double precision
    from steve.job_archive
    where completed_at >= steve.now() - :since::double precision * interval '1 second'
) as j
group by status, type, queue
order by status, type, queue;
