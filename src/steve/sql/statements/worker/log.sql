-- Writes down what running attempts have logged, in the order of the arrays, so many seconds after
-- it was. Lines of an attempt that has lost its job, or has ended, are left out.
insert into steve.log (id, job_id, attempt, logged_at, level, message)
select nextval('steve.log_id'), l.job_id, l.attempt, l.logged_at, l.level, l.message
from (
    select
        j.id as job_id, j.attempts as attempt, n.level, n.message,
        greatest(steve.now() - n.ago * interval '1 second', j.attempted_at) as logged_at
    from unnest(
        :uids::uuid[], :attempt_ids::bigint[], :agos::double precision[], :levels::smallint[],
        :messages::text[]
    ) with ordinality as n (uid, attempt_id, ago, level, message, number)
    join steve.job j on j.uid = n.uid and j.attempt_id = n.attempt_id and j.status = 'running'
    order by n.number
) as l;
