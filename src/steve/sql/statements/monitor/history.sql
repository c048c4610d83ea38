-- The samples of one width from :since on, of a queue or, where that is '', of all together.
select
    s.began_at, s.ready, s.scheduled, s.running, s.oldest_ready, s.completed, s.failed, s.cancelled,
    s.expired, s.waits, s.runs
from steve.sample s
where s.width = :width::integer and s.queue = :queue::text and s.began_at >= :since::timestamptz
order by s.began_at;
