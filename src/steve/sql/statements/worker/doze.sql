-- Says that a worker has nothing to do for :seconds, and that whoever creates a job for it is to
-- wake it up. Returns how many seconds it may sleep until a job it could run is due: zero or less
-- when one is due already, null when none will be within that time. What is due later is not looked
-- at: it may be a million jobs of types that this worker does not handle. Marks: as in claim.sql.
with recursive
served as materialized (
    select s.queue from unnest(:queues::text[]) as s (queue)
    where not exists (
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
ranges (queue, priority) as (
    select queue, 101::smallint from served
    union all
    select r.queue, coalesce(
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
sleeping as (
    insert into steve.sleeper as s (channel, until, queues, types)
    values (
        :channel::text, clock_timestamp() + :seconds::double precision * interval '1 second',
        :queues::text[], :types::text[]
    )
    on conflict (channel) do update
    set until = excluded.until, queues = excluded.queues, types = excluded.types
)
select extract(epoch from min(next.run_at) - steve.now())::double precision
from ranges r
left join mark m on m.queue = r.queue and m.priority = r.priority
cross join lateral (
    select j.run_at from steve.job j
    where j.queue = r.queue
        and j.priority = r.priority
        and (j.run_at, j.id) > (coalesce(m.run_at, '-infinity'), coalesce(m.id, 0))
        and j.run_at <= steve.now() + :seconds::double precision * interval '1 second'
        and j.status = 'pending'
        and not j.parked
        and (:types::text[] is null or j.type = any(:types::text[]))
    order by j.run_at, j.id
    limit 1
) as next;
