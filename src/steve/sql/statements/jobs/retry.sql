select uid from steve.retry_jobs(:uids::uuid[], :starts::integer, :force::boolean, :actor::text) as uid;
