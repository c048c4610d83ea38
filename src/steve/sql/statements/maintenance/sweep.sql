-- Marks dead workers that hold nothing any more; returns those that still do.
with empty as (
    update steve.worker w
    set swept_at = steve.now()
    where w.id = any(:workers::bigint[])
        and w.died_at is not null
        and not exists (select from steve.job j where j.status = 'running' and j.worker = w.id)
    returning w.id
)
select w.id from unnest(:workers::bigint[]) as w (id)
where w.id not in (select id from empty);
