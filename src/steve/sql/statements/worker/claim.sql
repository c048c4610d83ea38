-- Claims up to :slots + :ahead due jobs for a worker, in the order of priority, then of the queues as
-- they are given, then run_at, then id.
--
-- :queues and :capacities are parallel: how many jobs of each queue the worker can still take.
-- :types is null when the worker handles every type.
-- :ahead counts jobs claimed before there is a free slot. Jobs that are not to be in anybody's
-- hands without running (max_crashes = 0, or suspects) are never among them, and of suspects only one
-- is taken, and only when :suspects allows it; where it does not, they are stepped over, so that
-- nothing waits behind them. `held_back` says how many due jobs were looked at and left.
-- Suspects have been in the hands of two workers that died, or of one where they survive fewer than
-- three: crashes > (max_crashes > 2)::integer.
-- The four arrays of marks are parallel: of a queue and a priority, the place (run_at, id) that the
-- worker's claims have come to. What lies before it is passed over, dead index entries above all.
with recursive
me as materialized (
    -- Rescue locks this row FOR UPDATE: it waits for this claim, or this claim sees the death.
    select w.id from steve.worker w
    where w.id = :worker::bigint and w.died_at is null and w.expires_at > steve.now()
    for key share
),
served as materialized (
    select s.queue, s.capacity, s.place
    from me, unnest(:queues::text[], :capacities::integer[]) with ordinality as s (queue, capacity, place)
    where s.capacity > 0
        and not exists (
            select from steve.queue q
            where q.name = s.queue
                and q.paused_at is not null
                and (q.paused_until is null or q.paused_until > steve.now())
        )
),
mark as materialized (
    select * from unnest(
        :mark_queues::text[], :mark_priorities::smallint[],
        :mark_run_ats::timestamptz[], :mark_ids::bigint[]
    ) as m (queue, priority, run_at, id)
),
-- The priorities present in each queue, found by hopping from one to the next in the index; one
-- with a mark is taken to be present.
ranges (queue, capacity, place, priority) as (
    select queue, capacity, place, 101::smallint from served
    union all
    select r.queue, r.capacity, r.place, coalesce(
        (
            select j.priority from steve.job j
            where j.queue = r.queue
                and j.priority < r.priority
                and j.priority > coalesce(marked.priority, -101::smallint)
                and j.status = 'pending'
                and not j.parked
            order by j.priority desc
            limit 1
        ),
        marked.priority
    )
    from ranges r
    cross join lateral (
        select max(m.priority) as priority from mark m
        where m.queue = r.queue and m.priority < r.priority
    ) as marked
    where r.priority is not null
),
due as materialized (
    select
        d.tid, r.queue, r.capacity, d.suspect, d.max_crashes = 0 as only_once,
        r.capacity < :slots::integer + :ahead::integer or d.suspect or d.max_crashes = 0 as bounded,
        row_number() over () as place
    from (
        select
            r.*, coalesce(m.run_at, '-infinity') as from_run_at, coalesce(m.id, 0) as from_id
        from ranges r
        left join mark m on m.queue = r.queue and m.priority = r.priority
        where r.priority <= 100
        order by r.priority desc, r.place
    ) as r
    cross join lateral (
        select j.ctid as tid, j.max_crashes, j.crashes > (j.max_crashes > 2)::integer as suspect
        from steve.job j
        where j.queue = r.queue
            and j.priority = r.priority
            and (j.run_at, j.id) > (r.from_run_at, r.from_id)
            and j.run_at <= steve.now()
            and j.status = 'pending'
            and not j.parked
            and (:types::text[] is null or j.type = any(:types::text[]))
            and (j.crashes <= (j.max_crashes > 2)::integer or :suspects::boolean)
        order by j.run_at, j.id
        limit least(r.capacity, :slots::integer + :ahead::integer)
        for update skip locked
    ) as d
    limit :slots::integer + :ahead::integer
),
-- Those that a limit may keep back.
numbered as (
    select
        tid, capacity, suspect, only_once, place,
        row_number() over (partition by queue order by place) as place_in_queue,
        count(*) filter (where suspect) over (order by place) as suspects
    from due
    where bounded
),
taken as materialized (
    select tid from due where not bounded
    union all
    select tid from numbered
    where place_in_queue <= capacity
        and (not only_once or place <= :slots::integer)
        and (not suspect or place <= :slots::integer and suspects = 1 and :suspects::boolean)
)
-- By the place of the row, which the lock keeps where it is.
update steve.job j
set status = 'running',
    worker = :worker::bigint,
    attempt_id = nextval('steve.attempt_id'),
    attempts = j.attempts + 1,
    attempted_at = steve.now(),
    updated_at = steve.now()
where j.ctid = any(array(select tid from taken))
returning
    j.id, j.uid, j.attempt_id, j.type, j.payload::text, j.attempts, j.refunded, j.crashes,
    j.max_attempts, j.max_crashes, j.created_at, j.attempted_at, j.started_at, j.run_at,
    j.scheduled_at, j.expires_at, j.backoff_strategy, j.queue, j.priority, j.timeout,
    j.unique_key, j.limit_key, j.fair_key, nullif(j.tags, '{}'), nullif(j.meta, '{}')::text,
    (select count(*) from due) - (select count(*) from taken) as held_back;
