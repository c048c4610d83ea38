-- The types a worker handles have changed.
update steve.worker set types = :types::text[] where id = :worker::bigint and died_at is null
returning id;
