-- Deletes the rows of workers that died :seconds ago and left nothing behind.
delete from steve.worker
where swept_at is not null and died_at < steve.now() - :seconds::double precision * interval '1 second';
