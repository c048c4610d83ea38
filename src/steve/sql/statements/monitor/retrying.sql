-- Live jobs that have failed and are to be tried again, by fingerprint and type; `few` says whether
-- there are few enough jobs to look at.
select few, j.fingerprint, j.type, j.jobs
from (select c.reltuples < 300000 as few from pg_class c where c.oid = 'steve.job'::regclass) as c
left join lateral (
    select j.fingerprint, j.type, count(*) as jobs
    from steve.job j
    where few and j.status = 'pending' and j.fingerprint is not null
    group by j.fingerprint, j.type
) as j on true;
