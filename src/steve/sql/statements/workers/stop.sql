-- Asks a worker to stop, which it hears of when it renews its lease.
update steve.worker
set stop_requested_at = coalesce(stop_requested_at, steve.now())
where id = :worker::bigint and died_at is null
returning id;
