-- Workers that others should have taken the jobs of: 'silent' ones, whose lease has run out and whom
-- nobody has declared dead; 'dead' ones that still hold jobs; and those who hold jobs but have no
-- row ('gone'), which no rescue would come upon.
with held as (
    select worker, count(*) as jobs, min(updated_at) as since
    from steve.job
    where status = 'running'
    group by worker
)
select
    case when w.id is null then 'gone' when w.died_at is null then 'silent' else 'dead' end as kind,
    coalesce(w.id, h.worker) as id, w.name, w.host, w.pid,
    extract(epoch from steve.now() - coalesce(w.died_at, w.expires_at, h.since))::double precision as seconds,
    coalesce(h.jobs, 0) as jobs
from steve.worker w
full join held h on h.worker = w.id
where w.id is null
    or (w.died_at is null and w.expires_at < steve.now())
    or (w.died_at is not null and h.jobs > 0)
order by jobs desc, id;
