-- Everything that a schema is made of, as PostgreSQL itself would write it, with names quoted where
-- they need it. The partitions of a day or a week only appear with what they have and their table
-- has not: PostgreSQL sees to it that they have everything else.
with relation as (
    select
        c.oid, c.relkind, c.relpersistence, c.relrowsecurity, c.reloptions,
        format('%I.%I', n.nspname, c.relname) as called,
        c.relkind = 'r' and c.relispartition as leaf
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = :home::text
        and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        -- Taken off its table by a removal that is under way.
        and not (c.relkind = 'r' and not c.relispartition
            and c.relname ~ '^(job_archive_completed|job_archive_other|attempt|log)_\d{8}$')
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
),
tables as (
    select * from relation where relkind in ('r', 'p', 'm', 'f')
)
select
    'table' as kind, t.called as name, t.called as table_name,
    concat_ws(' ', t.relkind::text, pg_get_partkeydef(t.oid)) as definition,
    true as valid, '{}'::text[] as more
from tables t where not t.leaf
union all
select 'schema', format('%I', :home::text), '', '', true, '{}'
union all
select
    'partition', t.called, '', '', true,
    array(select format('%s', a.relid) from pg_partition_ancestors(t.oid) as a where a.relid <> t.oid)
from tables t where t.leaf
union all
select
    'view', v.called, v.called, pg_get_viewdef(v.oid), true,
    array(
        select format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
        from pg_attribute a
        where a.attrelid = v.oid and a.attnum > 0 and not a.attisdropped
        order by a.attnum
    )
from relation v where v.relkind = 'v'
union all
select
    'sequence', r.called, r.called,
    format(
        'AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s',
        format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
        case when s.seqcycle then 'CYCLE' else 'NO CYCLE' end
    ),
    true, '{}'
from relation r
join pg_sequence s on s.seqrelid = r.oid
union all
select 'setting', o.option_name, t.called, o.option_value, true, '{}'
from tables t
cross join lateral pg_options_to_table(t.reloptions) as o
where not t.leaf
union all
select 'kept', '', t.called, case t.relpersistence when 'u' then 'UNLOGGED' else 'LOGGED' end, true, '{}'
from tables t where not t.leaf
union all
select 'row security', '', t.called, case when t.relrowsecurity then 'ENABLE' else 'DISABLE' end, true, '{}'
from tables t where not t.leaf
union all
select
    'column', format('%I', a.attname), t.called, format_type(a.atttypid, a.atttypmod), true,
    array[
        case when a.attnotnull then 'NOT NULL' else '' end,
        coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
        a.attidentity::text || a.attgenerated::text
    ]
from tables t
join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
where not t.leaf
union all
select
    'constraint', format('%I', c.conname), t.called, pg_get_constraintdef(c.oid), c.convalidated,
    array[c.contype::text, coalesce(pg_get_indexdef(nullif(c.conindid, 0)), '')]
from tables t
join pg_constraint c on c.conrelid = t.oid
-- What is not null is said with its column.
where c.contype in ('c', 'f', 'p', 'u', 'x') and not (t.leaf and c.coninhcount > 0)
union all
select
    'index', format('%I.%I', :home::text, i.relname), t.called, pg_get_indexdef(x.indexrelid),
    x.indisvalid and x.indisready, '{}'
from tables t
join pg_index x on x.indrelid = t.oid
join pg_class i on i.oid = x.indexrelid
where not exists (select from pg_inherits h where h.inhrelid = x.indexrelid)
    and not exists (
        select from pg_constraint c where c.conindid = x.indexrelid and c.contype in ('p', 'u', 'x')
    )
union all
select 'trigger', format('%I', g.tgname), t.called, pg_get_triggerdef(g.oid), true, '{}'
from tables t
join pg_trigger g on g.tgrelid = t.oid
where not g.tgisinternal and not t.leaf
union all
select
    'function', format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)), '',
    pg_get_functiondef(p.oid), true, '{}'
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname = :home::text
    and p.prokind in ('f', 'p')
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
order by 1, 3, 2;
