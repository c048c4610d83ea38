-- Partitions whose rows are all older than their retention, in seconds (null: kept for ever), and
-- those that an earlier, interrupted removal has left detached, or half detached.
with home as (
    select relnamespace as oid from pg_class where oid = 'steve.job'::regclass
),
retention (parent, seconds) as (
    values
        ('job_archive_completed', :completed::double precision),
        ('job_archive_other', :other::double precision),
        ('attempt', :attempts::double precision),
        ('log', :log::double precision)
),
attached as (
    select
        c.relname::text as partition, i.inhdetachpending as detaching, r.seconds,
        substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz as upper
    from retention r
    join pg_class p on p.relname = r.parent and p.relnamespace = (select oid from home)
    join pg_inherits i on i.inhparent = p.oid
    join pg_class c on c.oid = i.inhrelid
)
select partition from attached
where detaching or upper < steve.now() - seconds * interval '1 second'
union all
select c.relname::text
from retention r
join pg_class c on c.relname ~ ('^' || r.parent || '_\d{8}$') and c.relnamespace = (select oid from home)
where not c.relispartition and c.relkind = 'r'
order by partition;
