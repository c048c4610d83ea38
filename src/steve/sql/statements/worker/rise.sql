-- Takes a sleeper off the list: it is awake, nobody needs to notify it.
delete from steve.sleeper where channel = :channel::text;
