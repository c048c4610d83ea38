-- Says that a worker has nothing to do for :seconds, and that whoever creates a job for it is to
-- wake it up. Returns how many seconds it may sleep until a job it could run is due: zero or less
-- when one is due already, null when none will be within that time. What is due later is not looked
-- at: it may be a million jobs of types that this worker does not handle.
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
ranges (queue, priority) as (
    select s.queue, (
        select j.priority from steve.job j
        where j.queue = s.queue and j.status = 'pending' and not j.parked
        order by j.priority desc
        limit 1
    )
    from served s
    union all
    select r.queue, (
        select j.priority from steve.job j
        where j.queue = r.queue and j.priority < r.priority and j.status = 'pending' and not j.parked
        order by j.priority desc
        limit 1
    )
    from ranges r
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
cross join lateral (
    select j.run_at from steve.job j
    where j.queue = r.queue
        and j.priority = r.priority
        and j.run_at <= steve.now() + :seconds::double precision * interval '1 second'
        and j.status = 'pending'
        and not j.parked
        and (:types::text[] is null or j.type = any(:types::text[]))
    order by j.run_at, j.id
    limit 1
) as next;
