-- Wakes workers for jobs that were not created one by one (a COPY, a rescue, a resumed queue).
select steve.wake_workers(
    w.queue, array_remove(array_agg(distinct w.type), null), steve.now(), count(*)::integer
)
from unnest(:queues::text[], :types::text[]) as w (queue, type)
group by w.queue;
