-- Samples the time since the last sample, in stretches of ten seconds, if that is due and nobody
-- else is about to: what has ended in each, and what there is now, which stands for the last one.
-- Returns how many rows it wrote: none where it was not due.
--
-- What ended is counted two seconds late, since a transaction may commit a little after the time it
-- writes. Counting may take a tenth of the time: a sample says how long it took, and the next one
-- is not due before ten times that has passed. Each of the 100 busiest queues has rows of its own;
-- those of '' are for all.
with turn as materialized (
    select
        m.over - interval '10 seconds' as last,
        greatest(
            coalesce(l.began_at + interval '10 seconds', m.over - interval '10 seconds'),
            m.over - interval '10 minutes'
        ) as since,
        m.over
    from (
        select date_bin('10 seconds', steve.now() - interval '2 seconds', '2000-01-01 00:00+00') as over
    ) as m
    left join lateral (
        select s.began_at, s.took from steve.sample s
        where s.width = 10 and s.queue = '' and s.began_at < m.over
        order by s.began_at desc
        limit 1
    ) as l on true
    where (
            l.began_at is null
            or greatest(10, l.took * 10) * interval '1 second' <= m.over - interval '10 seconds' - l.began_at
        )
        and pg_try_advisory_xact_lock(hashtextextended('steve.sample', 0))
),
ended as materialized (
    select
        j.queue, j.status, date_bin('10 seconds', j.completed_at, '2000-01-01 00:00+00') as began_at,
        case when j.worker is not null then width_bucket(
            ln(greatest(date_part('epoch', j.attempted_at - j.run_at), 1e-9)),
            ln(0.001::double precision), ln(0.001 * 2 ^ 26.5::double precision), 53
        ) end as wait,
        case when j.worker is not null then width_bucket(
            ln(greatest(date_part('epoch', j.completed_at - j.attempted_at), 1e-9)),
            ln(0.001::double precision), ln(0.001 * 2 ^ 26.5::double precision), 53
        ) end as run
    from steve.job_archive j
    where j.completed_at >= (select since from turn) and j.completed_at < (select over from turn)
),
present as materialized (
    select
        coalesce(queue, '') as queue,
        count(*) filter (where status = 'pending' and run_at <= steve.now()) as ready,
        count(*) filter (where status = 'pending' and run_at > steve.now()) as scheduled,
        count(*) filter (where status = 'running') as running,
        extract(epoch from steve.now() - min(run_at) filter (
            where status = 'pending' and run_at <= steve.now()
        )) as oldest_ready
    from steve.job
    where exists (select from turn)
    group by grouping sets ((queue), ())
),
busiest as (
    select queue from (
        select queue, count(*) as jobs from ended group by queue
        union all
        select queue, ready + running from present where queue <> ''
    ) as each
    group by queue
    order by sum(jobs) desc, queue
    limit 100
),
counted as (
    select
        coalesce(queue, '') as queue, began_at,
        count(*) filter (where status = 'completed') as completed,
        count(*) filter (where status = 'failed') as failed,
        count(*) filter (where status = 'cancelled') as cancelled,
        count(*) filter (where status = 'expired') as expired,
        array_agg(wait) filter (where wait is not null) as waits,
        array_agg(run) filter (where run is not null) as runs
    from ended
    group by grouping sets ((began_at, queue), (began_at))
),
written as (
    insert into steve.sample (
        width, queue, began_at, ready, scheduled, running, oldest_ready, completed, failed, cancelled,
        expired, waits, runs, took
    )
    select
        10, r.queue, r.began_at, p.ready, p.scheduled, p.running, p.oldest_ready,
        coalesce(c.completed, 0), coalesce(c.failed, 0), coalesce(c.cancelled, 0),
        coalesce(c.expired, 0),
        array(
            select count(w.size)::integer
            from generate_series(0, (select max(w) from unnest(c.waits) as w)) as n
            left join unnest(c.waits) as w (size) on w.size = n
            group by n
            order by n
        ),
        array(
            select count(r.size)::integer
            from generate_series(0, (select max(r) from unnest(c.runs) as r)) as n
            left join unnest(c.runs) as r (size) on r.size = n
            group by n
            order by n
        ),
        extract(epoch from clock_timestamp() - statement_timestamp())
    from turn t
    cross join lateral (
        select queue, began_at from counted
        union
        select queue, t.last from present
    ) as r
    left join counted c on c.queue = r.queue and c.began_at = r.began_at
    left join present p on p.queue = r.queue and r.began_at = t.last
    where r.queue = '' or r.queue in (select queue from busiest)
    on conflict do nothing
    returning width
)
select count(*) from written;
