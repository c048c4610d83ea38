-- Which of the running attempts are asked to stop (true), or no longer hold their job (false).
select a.attempt_id, j.id is not null
from unnest(:uids::uuid[], :attempt_ids::bigint[]) as a (uid, attempt_id)
left join steve.job j on j.uid = a.uid and j.attempt_id = a.attempt_id and j.status = 'running'
where j.id is null or j.cancel_requested_at is not null;
