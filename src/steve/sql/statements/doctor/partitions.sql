-- The days and weeks from now to :days ahead that have no partition. `unattached` says that a table
-- of that name is there, but belongs to nothing.
with parent (name, unit, width) as (
    values
        ('job_archive_completed', 'day', interval '1 day'),
        ('job_archive_other', 'week', interval '7 days'),
        ('attempt', 'week', interval '7 days'),
        ('log', 'day', interval '1 day')
),
home as (
    select n.oid, n.nspname from pg_namespace n where n.nspname = :home::text
),
attached as (
    select
        p.relname as parent,
        coalesce(substring(b.bounds from 'FROM \(''([^'']+)''\)'), '-infinity')::timestamptz as lower,
        coalesce(substring(b.bounds from 'TO \(''([^'']+)''\)'), 'infinity')::timestamptz as upper
    from home h
    join pg_class p on p.relnamespace = h.oid
    join pg_inherits i on i.inhparent = p.oid and not i.inhdetachpending
    join pg_class c on c.oid = i.inhrelid
    cross join lateral (select pg_get_expr(c.relpartbound, c.oid)) as b (bounds)
),
wanted as (
    select
        p.name as parent,
        p.name || to_char(start, '_YYYYMMDD') as partition,
        start at time zone 'UTC' as lower,
        (start + p.width) at time zone 'UTC' as upper
    from parent p
    cross join lateral generate_series(
        date_trunc(p.unit, steve.now() at time zone 'UTC'),
        steve.now() at time zone 'UTC' + :days::double precision * interval '1 day',
        p.width
    ) as start
)
select
    format('%I.%I', h.nspname, w.parent), format('%I.%I', h.nspname, w.partition), w.lower, w.upper,
    extract(epoch from w.lower - steve.now())::double precision as seconds,
    exists (
        select from pg_class c
        where c.relnamespace = h.oid and c.relname = w.partition and not c.relispartition
    ) as unattached
from wanted w
cross join home h
where not exists (
    select from attached a where a.parent = w.parent and a.lower <= w.lower and a.upper >= w.upper
)
order by w.lower, w.parent;
