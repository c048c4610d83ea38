select uid from steve.cancel_jobs(:uids::uuid[], :actor::text) as uid;
