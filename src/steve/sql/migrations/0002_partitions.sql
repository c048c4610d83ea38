-- Partitions of the archive and of the attempts, made ahead of time.
--
-- Completed jobs are kept by the day, everything else by the week: one day of completed jobs may
-- be millions of rows, and fewer partitions make every look into the whole history cheaper.

-- Makes the partitions that are missing between `since` and `ahead` from now; returns how many.
-- CREATE and ATTACH, because CREATE … PARTITION OF would take a lock that waits for every
-- forgotten reader, and that every finish would wait for.
create function steve.create_partitions(
    ahead interval default '21 days',
    since timestamptz default steve.now()
) returns integer
language plpgsql
as $$
declare
    home constant text := (
        select relnamespace::regnamespace::text from pg_class where oid = 'steve.job'::regclass
    );
    made integer := 0;
    missing record;
begin
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

select steve.create_partitions();
