-- A worker has stopped. Whatever it may still hold (a claim whose reply was lost) is rescued.
with gone as (
    update steve.worker
    set died_at = steve.now(), death = 'stopped', running = 0
    where id = :worker::bigint and died_at is null
    returning channel
)
delete from steve.sleeper where channel in (select channel from gone);
