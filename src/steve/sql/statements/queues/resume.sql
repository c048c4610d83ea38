-- Resumes a queue, and wakes workers for what has gathered in it.
with resumed as (
    update steve.queue q set paused_at = null, paused_until = null, paused_by = null
    where q.name = :queue::text and q.paused_at is not null
    returning q.name
)
select r.name, steve.wake_workers(r.name, jobs => 100) from resumed r;
