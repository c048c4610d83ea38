-- How many jobs are in the archive. Of the completed ones an estimate: as many on a page as when
-- PostgreSQL last counted them, unless these are few. Of the others 50,000 are counted in all.
with pages as (
    select
        sum(c.reltuples) filter (where c.reltuples > 0 and c.relpages > 0)
            / sum(c.relpages) filter (where c.reltuples > 0 and c.relpages > 0)
            * (sum(pg_relation_size(c.oid)) / current_setting('block_size')::integer) as jobs
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'steve.job_archive_completed'::regclass
)
select
    'completed' as status,
    case when p.jobs > 50000 then p.jobs::bigint else few.jobs end as jobs,
    coalesce(p.jobs <= 50000, true) and few.jobs <= 50000 as exact,
    coalesce(p.jobs <= 50000, true) and few.jobs > 50000 as at_least
from pages p
cross join lateral (
    select count(*) as jobs from (
        select from steve.job_archive j
        where j.status = 'completed' and coalesce(p.jobs <= 50000, true)
        limit 50001
    ) as j
) as few
union all
select s.status, coalesce(o.jobs, 0), coalesce(o.total, 0) <= 50000, coalesce(o.total, 0) > 50000
from (values ('failed'), ('cancelled'), ('expired')) as s (status)
left join (
    select j.status, count(*) as jobs, sum(count(*)) over () as total
    from (
        select j.status from steve.job_archive j
        where j.status in ('failed', 'cancelled', 'expired')
        limit 50001
    ) as j
    group by j.status
) as o on o.status = s.status;
