-- For each of several privileges whether this role has it; null where its object does not exist. A
-- privilege for some columns of a table counts.
with home as (
    select oid from pg_namespace where nspname = :home::text
)
select
    case n.kind
        when 'schema' then (select has_schema_privilege(h.oid, n.privilege) from home h)
        when 'sequence' then (
            select has_sequence_privilege(c.oid, n.privilege) from pg_class c, home h
            where c.relnamespace = h.oid and c.relname = n.object
        )
        when 'function' then (
            select bool_and(has_function_privilege(p.oid, n.privilege)) from pg_proc p, home h
            where p.pronamespace = h.oid and p.proname = n.object
        )
        else (
            select case
                when n.privilege in ('INSERT', 'SELECT', 'UPDATE')
                    then has_any_column_privilege(c.oid, n.privilege)
                else has_table_privilege(c.oid, n.privilege)
            end
            from pg_class c, home h
            where c.relnamespace = h.oid and c.relname = n.object
        )
    end as held
from unnest(:kinds::text[], :objects::text[], :privileges::text[])
    with ordinality as n (kind, object, privilege, number)
order by n.number;
