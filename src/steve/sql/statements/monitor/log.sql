-- The lines of a job's log after the one with the id :after, in their order.
select l.id, l.attempt, l.logged_at, l.level, l.message
from steve.log l
where l.job_id = (select j.id from steve.jobs j where j.uid = :uid::uuid) and l.id > :after::bigint
order by l.id
limit :limit::bigint;
