-- Who may keep vacuum from cleaning up in this database: transactions older than :seconds, replicas
-- that report what they still need, prepared transactions, replication slots. Of the sessions of
-- others a role without pg_read_all_stats sees that they are there ('hidden'), and how old their
-- snapshots are in transactions, but not since when.
select
    case
        when a.query = '<insufficient privilege>' then 'hidden'
        when a.backend_type = 'walsender' then 'replica'
        else 'session'
    end as kind,
    a.pid::text as name, a.usename::text as role, a.application_name, a.client_addr::text as client,
    a.state, a.xact_start as since,
    extract(epoch from clock_timestamp() - a.xact_start)::double precision as seconds,
    greatest(age(a.backend_xmin), age(a.backend_xid)) as transactions
from pg_stat_activity a
where a.pid <> pg_backend_pid()
    and (
        (
            a.datname = current_database()
            and a.backend_type is distinct from 'autovacuum worker'
            and (
                a.xact_start < clock_timestamp() - :seconds::double precision * interval '1 second'
                or a.query = '<insufficient privilege>'
            )
        )
        or (a.backend_type = 'walsender' and a.backend_xmin is not null)
    )
union all
select
    'prepared', p.gid, p.owner::text, null, null, null, p.prepared,
    extract(epoch from clock_timestamp() - p.prepared)::double precision, age(p.transaction)
from pg_prepared_xacts p
where p.database = current_database()
    and p.prepared < clock_timestamp() - :seconds::double precision * interval '1 second'
union all
select
    'slot', s.slot_name::text, null, null, null, case when s.active then 'active' else 'inactive' end,
    -- Only newer versions know it.
    (to_jsonb(s) ->> 'inactive_since')::timestamptz,
    extract(epoch from clock_timestamp() - (to_jsonb(s) ->> 'inactive_since')::timestamptz)::double precision,
    age(s.xmin)
from pg_replication_slots s
where s.xmin is not null
order by seconds desc nulls last, transactions desc nulls last;
