-- A worker has stopped. Whatever it may still hold (a claim whose reply was lost) is rescued. Like
-- bury, this waits for a claim in flight: it would commit after the sweep, and be seen by nobody.
with me as materialized (
    select id from steve.worker
    where id = :worker::bigint and died_at is null
    for update
),
gone as (
    update steve.worker w
    set died_at = steve.now(), death = 'stopped', running = 0
    from me
    where w.id = me.id
    returning w.channel
)
delete from steve.sleeper where channel in (select channel from gone);
