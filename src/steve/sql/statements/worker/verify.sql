-- What became of attempts whose finish reported no hit, or whose reply was lost: `held` if the
-- attempt still holds its job (and whether cancellation is requested), otherwise the status that
-- the job has, if that attempt is the last it had: then it was this attempt that ended it.
select j.id, j.attempt_id, j.status = 'running' as held, j.cancel_requested_at is not null as cancelling,
    j.status, j.run_at, j.updated_at
from unnest(:uids::uuid[], :attempt_ids::bigint[]) as a (uid, attempt_id)
join steve.jobs j on j.uid = a.uid and j.attempt_id = a.attempt_id;
