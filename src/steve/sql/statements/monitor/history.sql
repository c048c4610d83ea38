-- The samples of one width from :since on, of a queue or, where that is '', of all together. Where
-- others have a sample and the queue has none, there was nothing in it.
select
    a.began_at, case when a.ready is not null then coalesce(s.ready, 0) end,
    case when a.ready is not null then coalesce(s.scheduled, 0) end,
    case when a.ready is not null then coalesce(s.running, 0) end, s.oldest_ready,
    coalesce(s.completed, 0), coalesce(s.failed, 0), coalesce(s.cancelled, 0),
    coalesce(s.expired, 0), coalesce(s.waits, '{}'), coalesce(s.runs, '{}')
from steve.sample a
left join steve.sample s on s.width = a.width and s.began_at = a.began_at and s.queue = :queue::text
where a.width = :width::integer and a.queue = '' and a.began_at >= :since::timestamptz
order by a.began_at;
