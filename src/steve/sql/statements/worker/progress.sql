-- Notes how far running jobs have come. Returns those whose attempt still holds them, and whether
-- their cancellation is requested.
update steve.job j
set progress = p.progress, progress_message = p.message
from unnest(:uids::uuid[], :attempt_ids::bigint[], :fractions::real[], :messages::text[])
    as p (uid, attempt_id, progress, message)
where j.uid = p.uid and j.attempt_id = p.attempt_id and j.status = 'running'
returning j.id, j.cancel_requested_at is not null;
