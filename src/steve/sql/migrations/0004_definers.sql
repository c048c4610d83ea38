-- What roles do that have no privileges on the tables for it: functions that run with the rights of
-- the tables' owner. They find everything by its full name, and are for those who are granted them.
-- Where they read or write times as text, they do so in their own zone and style: the caller's could
-- make another time of it.

-- Takes back live jobs that are archived as well: see create_jobs. Returns those it took.
create function steve.drop_resent(uids uuid[]) returns setof uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
    delete from steve.job live
    using steve.job_archive done
    where live.uid = done.uid and live.uid = any(uids)
    returning live.uid
$$;

-- As before, but that jobs are taken back by a function: their creators may not delete.
create or replace function steve.create_jobs(
    jobs jsonb, actor text default null, resent boolean default false
) returns setof steve.job
language plpgsql
as $$
declare
    made steve.job[];
    over uuid[];
begin
    if resent then
        jobs := (
            select coalesce(jsonb_agg(j), '[]') from jsonb_array_elements(jobs) as j
            where not exists (select from steve.jobs known where known.uid = (j ->> 'uid')::uuid)
        );
    end if;

    with asked as (
        select
            n.*,
            coalesce(n.run_at, steve.now() + coalesce(n.delay, 0) * interval '1 second') as start
        from jsonb_to_recordset(jobs) as n (
            uid uuid, type text, payload jsonb, queue text, priority smallint,
            run_at timestamptz, delay double precision, timeout double precision,
            max_attempts integer, max_crashes integer, backoff_strategy text,
            tags text[], meta jsonb
        )
    ), inserted as (
        insert into steve.job as j (
            uid, type, payload, queue, priority, run_at, scheduled_at, timeout,
            max_attempts, max_crashes, backoff_strategy, tags, meta, actor
        )
        select
            coalesce(uid, steve.uuid7()), type, coalesce(payload, '{}'), coalesce(queue, 'default'),
            coalesce(priority, 0), start, start, timeout,
            coalesce(max_attempts, 3), coalesce(max_crashes, 3), coalesce(backoff_strategy, 'exp'),
            coalesce(tags, '{}'), coalesce(meta, '{}'), create_jobs.actor
        from asked
        -- A first send that is not committed yet was not seen above: this waits for it.
        on conflict (uid) do nothing
        returning j
    )
    select array_agg(j order by (j).id) into made from inserted;

    if not resent and coalesce(cardinality(made), 0) < jsonb_array_length(jobs) then
        raise exception 'a job with one of these uids exists already'
            using errcode = 'unique_violation', constraint = 'job_pkey';
    end if;

    if resent then
        -- The first send may have been on its way while we looked: whoever it let run and finish
        -- in the meantime is in the archive by now, and must not run again.
        over := array(select steve.drop_resent(array(select (m).uid from unnest(made) as m)));
        made := array(select m from unnest(made) as m where (m).uid <> all(over) order by (m).id);
    end if;

    if exists (select from steve.sleeper) then
        perform steve.wake_workers(m.queue, array_agg(distinct m.type), min(m.run_at), count(*)::integer)
        from unnest(made) as m
        group by m.queue;
    end if;

    return query select * from unnest(made);
end
$$;

alter function steve.cancel_jobs(uuid[], text)
security definer set search_path = pg_catalog, pg_temp;

-- As before, but for whoever tends the partitions without owning them: within bounds, that is.
create or replace function steve.create_partitions(
    ahead interval default '21 days',
    since timestamptz default steve.now()
) returns integer
language plpgsql
security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO'
as $$
declare
    home constant text := (
        select relnamespace::regnamespace::text from pg_class where oid = 'steve.job'::regclass
    );
    made integer := 0;
    missing record;
begin
    if steve.now() + ahead > steve.now() + interval '100 days' then
        raise exception 'partitions are made for 100 days ahead at most'
            using errcode = 'invalid_parameter_value';
    end if;
    if since < steve.now() - interval '400 days' then
        raise exception 'partitions are made for 400 days back at most'
            using errcode = 'invalid_parameter_value';
    end if;

    -- Two that find the same partition missing would collide in the catalogue.
    perform pg_advisory_xact_lock(hashtextextended('steve.partitions', 0));
    for missing in
        select
            home || '.' || p.parent as parent,
            home || '.' || p.parent || to_char(start, '_YYYYMMDD') as partition,
            start at time zone 'UTC' as lower,
            (start + p.width) at time zone 'UTC' as upper
        from (values
            ('job_archive_completed', 'day', interval '1 day'),
            ('job_archive_other', 'week', interval '7 days'),
            ('attempt', 'week', interval '7 days')
        ) as p (parent, unit, width)
        cross join lateral generate_series(
            date_trunc(p.unit, since at time zone 'UTC'),
            (steve.now() + ahead) at time zone 'UTC',
            p.width
        ) as start
        where to_regclass(home || '.' || p.parent || to_char(start, '_YYYYMMDD')) is null
    loop
        execute format('create table %s (like %s including defaults including constraints)', missing.partition, missing.parent);
        execute format(
            'alter table %s attach partition %s for values from (%L) to (%L)',
            missing.parent, missing.partition, missing.lower, missing.upper
        );
        made := made + 1;
    end loop;
    return made;
end
$$;

-- Removes a partition whose day or week is over, or what an interrupted removal has left of one.
-- Whoever is in the way is waited for 200 ms, and no longer: finishes queue up behind us.
create function steve.remove_partition(partition text) returns void
language plpgsql
security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO'
set lock_timeout = '200ms'
as $$
declare
    past record;
begin
    select
        format('%I.%I', n.nspname, p.parent) as parent,
        format('%I.%I', n.nspname, c.relname) as name,
        c.relispartition as attached,
        i.inhdetachpending as detaching
    into past
    from pg_class home
    join pg_namespace n on n.oid = home.relnamespace
    cross join (values ('job_archive_completed'), ('job_archive_other'), ('attempt')) as p (parent)
    join pg_class c
        on c.relnamespace = n.oid and c.relkind = 'r' and c.relname ~ ('^' || p.parent || '_\d{8}$')
    left join pg_inherits i on i.inhrelid = c.oid
    where home.oid = 'steve.job'::regclass
        and c.relname = remove_partition.partition
        and (
            not c.relispartition
            or substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz
                <= steve.now()
        );
    if not found then
        raise exception 'there is no partition % that is over', partition
            using errcode = 'undefined_table';
    end if;
    -- Not CONCURRENTLY: beside a prepared statement that prunes as it runs, and whose snapshot is
    -- older than the detachment, that can crash the server (seen on PostgreSQL 18.6).
    if past.attached then
        execute format(
            'alter table %s detach partition %s %s',
            past.parent, past.name, case when past.detaching then 'finalize' else '' end
        );
    end if;
    execute format('drop table %s', past.name);
end
$$;

-- They act for the owner of the tables, whoever migrates. Who could cancel, and who could ask for
-- partitions as every worker does, by privileges on the tables still can, be it as a member of
-- pg_write_all_data or because everybody could.
do $$
declare
    definer regprocedure;
    owner regrole := (select relowner from pg_class where oid = 'steve.job'::regclass);
    former record;
begin
    foreach definer in array array[
        'steve.drop_resent(uuid[])',
        'steve.cancel_jobs(uuid[], text)',
        'steve.create_partitions(interval, timestamptz)',
        'steve.remove_partition(text)'
    ]::regprocedure[] loop
        execute format('alter function %s owner to %s', definer, owner);
        execute format('revoke execute on function %s from public', definer);
    end loop;
    for former in
        select able.function, r.name
        from (values
            ('steve.job'::regclass, 'DELETE', 'steve.cancel_jobs(uuid[], text)'::regprocedure),
            ('steve.job', 'DELETE', 'steve.drop_resent(uuid[])'),
            ('steve.job_archive', 'INSERT', 'steve.create_partitions(interval, timestamptz)')
        ) as able (home, privilege, function)
        join pg_class c on c.oid = able.home
        cross join lateral (
            select case a.grantee when 0 then 'public' else a.grantee::regrole::text end
            from aclexplode(c.relacl) as a
            where a.privilege_type = able.privilege and a.grantee <> c.relowner
            union
            select 'pg_write_all_data'
        ) as r (name)
    loop
        execute format('grant execute on function %s to %s', former.function, former.name);
    end loop;
end
$$;
