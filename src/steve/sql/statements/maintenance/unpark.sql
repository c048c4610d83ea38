-- Brings back parked jobs that this worker handles, up to :batch; returns how many it was.
with found as (
    update steve.job j
    set parked = false
    where j.uid = any(array(
        select j.uid from steve.job j
        where j.parked
            and j.queue = any(:queues::text[])
            and (:types::text[] is null or j.type = any(:types::text[]))
        limit :batch::integer
        for update skip locked
    ))
    returning j.id
)
select count(*) from found;
