-- Adds samples up to those of the next width that are complete and not there yet, in all widths;
-- returns how many rows it wrote. What there was at the end of a wider stretch is what was counted
-- last in it: of a queue without a sample of then, nothing.
with step (narrow, wide) as (
    values (10, 60), (60, 900), (900, 86400)
),
range as materialized (
    select
        s.narrow, s.wide,
        coalesce((
            select w.began_at + s.wide * interval '1 second' from steve.sample w
            where w.width = s.wide and w.queue = ''
            order by w.began_at desc
            limit 1
        ), '-infinity') as since,
        -- A sample is written after all before it.
        date_bin(
            s.wide * interval '1 second',
            (
                select n.began_at + s.narrow * interval '1 second' from steve.sample n
                where n.width = s.narrow and n.queue = ''
                order by n.began_at desc
                limit 1
            ),
            '2000-01-01 00:00+00'
        ) as over
    from step s
    where pg_try_advisory_xact_lock(hashtextextended('steve.sample', 0))
),
part as materialized (
    select
        r.wide, b.start, s.*,
        max(s.began_at) filter (where s.queue = '' and s.ready is not null)
            over (partition by r.wide, b.start) as counted_at
    from range r
    join steve.sample s on s.width = r.narrow and s.began_at >= r.since and s.began_at < r.over
    cross join lateral (
        select date_bin(r.wide * interval '1 second', s.began_at, '2000-01-01 00:00+00') as start
    ) as b
),
waited as (
    select wide, start, queue, array_agg(jobs order by size) as jobs
    from (
        select p.wide, p.start, p.queue, w.size, sum(w.jobs)::integer as jobs
        from part p
        cross join unnest(p.waits) with ordinality as w (jobs, size)
        group by p.wide, p.start, p.queue, w.size
    ) as w
    group by wide, start, queue
),
ran as (
    select wide, start, queue, array_agg(jobs order by size) as jobs
    from (
        select p.wide, p.start, p.queue, r.size, sum(r.jobs)::integer as jobs
        from part p
        cross join unnest(p.runs) with ordinality as r (jobs, size)
        group by p.wide, p.start, p.queue, r.size
    ) as r
    group by wide, start, queue
),
summed as (
    select
        wide, start, queue,
        coalesce(max(ready) filter (where began_at = counted_at), 0) as ready,
        coalesce(max(scheduled) filter (where began_at = counted_at), 0) as scheduled,
        coalesce(max(running) filter (where began_at = counted_at), 0) as running,
        max(oldest_ready) filter (where began_at = counted_at) as oldest_ready,
        counted_at is not null as counted,
        sum(completed)::integer as completed, sum(failed)::integer as failed,
        sum(cancelled)::integer as cancelled, sum(expired)::integer as expired,
        row_number() over (
            partition by wide, start
            order by queue = '' desc, sum(completed + failed + cancelled + expired) desc, queue
        ) as place
    from part
    group by wide, start, queue, counted_at
),
written as (
    insert into steve.sample (
        width, queue, began_at, ready, scheduled, running, oldest_ready, completed, failed, cancelled,
        expired, waits, runs
    )
    select
        s.wide, s.queue, s.start, case when s.counted then s.ready end,
        case when s.counted then s.scheduled end, case when s.counted then s.running end,
        s.oldest_ready, s.completed, s.failed, s.cancelled, s.expired, coalesce(w.jobs, '{}'), coalesce(r.jobs, '{}')
    from summed s
    left join waited w on w.wide = s.wide and w.start = s.start and w.queue = s.queue
    left join ran r on r.wide = s.wide and r.start = s.start and r.queue = s.queue
    where s.place <= 101
    on conflict do nothing
    returning width
)
select count(*) from written;
