-- Tells those who wait for them that these jobs are over.
select steve.wake_waiters(:uids::uuid[]);
