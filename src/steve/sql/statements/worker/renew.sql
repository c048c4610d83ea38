-- Renews a worker's lease. No row: the worker is dead, and what it held is given to others.
update steve.worker
set renewed_at = steve.now(),
    expires_at = steve.now() + lease * interval '1 second',
    running = :running::integer,
    memory = :memory::bigint
where id = :worker::bigint and died_at is null
returning stop_requested_at is not null;
