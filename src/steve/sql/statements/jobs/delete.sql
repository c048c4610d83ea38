-- Deletes jobs that do not run, live or archived, with their attempts and log lines. If one of them runs nothing
-- is deleted, unless :skip_running; the running ones are returned with false.
with live as materialized (
    select j.uid, j.status = 'running' as running from steve.job j
    where j.uid = any(:uids::uuid[])
    order by j.uid
    for update
),
allowed as materialized (
    select :skip_running::boolean or not exists (select from live where running) as yes
),
removed as (
    delete from steve.job j using live l
    where j.uid = l.uid and not l.running and (select yes from allowed)
    returning j.id, j.uid
),
removed_from_archive as (
    delete from steve.job_archive a
    where a.uid = any(:uids::uuid[]) and (select yes from allowed)
    returning a.id, a.uid
),
gone as (
    select id, uid from removed
    union all
    select id, uid from removed_from_archive
),
attempts as (
    delete from steve.attempt t where t.job_id = any(array(select id from gone))
),
lines as (
    delete from steve.log l where l.job_id = any(array(select id from gone))
)
select uid, true as deleted from gone
union all
select uid, false from live where running;
