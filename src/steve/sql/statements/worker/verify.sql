-- What became of attempts whose finish reported no hit, or whose reply was lost: `held` if the
-- attempt still holds its job (and whether cancellation is requested), otherwise the status that
-- the job has, if that attempt is the last it had: then it was this attempt that ended it.
select a.id, a.attempt_id, j.status = 'running' as held, j.cancel_requested_at is not null as cancelling,
    j.status, j.run_at, j.updated_at
from unnest(:ids::bigint[], :attempt_ids::bigint[]) as a (id, attempt_id)
join steve.jobs j on j.id = a.id and j.attempt_id = a.attempt_id;
