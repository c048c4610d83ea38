-- The first due job up to each mark: one that was committed late, or given back. A worker whose
-- claims begin at its marks would not come upon it. The four arrays are parallel, as in claim.sql.
-- What was to start more than :within seconds before a mark is not looked at.
select m.queue, m.priority, passed.run_at, passed.id
from unnest(
    :mark_queues::text[], :mark_priorities::smallint[],
    :mark_run_ats::timestamptz[], :mark_ids::bigint[]
) as m (queue, priority, run_at, id)
cross join lateral (
    select j.run_at, j.id from steve.job j
    where j.queue = m.queue
        and j.priority = m.priority
        and (j.run_at, j.id) <= (m.run_at, m.id)
        and j.run_at >= m.run_at - :within::double precision * interval '1 second'
        and j.status = 'pending'
        and not j.parked
        and (:types::text[] is null or j.type = any(:types::text[]))
        and (j.crashes <= (j.max_crashes > 2)::integer or :suspects::boolean)
    order by j.run_at, j.id
    limit 1
) as passed;
