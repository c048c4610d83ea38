delete from steve.sleeper where channel = :channel::text;
