-- Whether the live table is cleaned up, and how large it is. The width of a row, in bytes, is an
-- estimate by the last ANALYZE; null where there was none, or where it may not be seen.
select
    format('%s.%I', c.relnamespace::regnamespace, c.relname) as table_name,
    current_setting('autovacuum')::boolean as autovacuum,
    current_setting('track_counts')::boolean as counts,
    coalesce(
        (
            select o.option_value::boolean from pg_options_to_table(c.reloptions) as o
            where o.option_name = 'autovacuum_enabled'
        ),
        true
    ) as enabled,
    greatest(s.n_live_tup, c.reltuples::bigint, 0) as live,
    coalesce(s.n_dead_tup, 0) as dead,
    extract(epoch from clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::double precision as ago,
    pg_relation_size(c.oid) as table_bytes,
    pg_indexes_size(c.oid) as index_bytes,
    (
        select sum(w.avg_width * (1 - w.null_frac))::double precision from pg_stats w
        where w.schemaname = :home::text and w.tablename = 'job'
    ) as width
from pg_class c
left join pg_stat_all_tables s on s.relid = c.oid
where c.oid = 'steve.job'::regclass;
