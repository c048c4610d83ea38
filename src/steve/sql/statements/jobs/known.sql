-- Which of these jobs exist, live or archived.
select j.uid from steve.jobs j where j.uid = any(:uids::uuid[]);
