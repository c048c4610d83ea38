-- Parks jobs of types that no live worker of their queue handles, so that the claim need not step
-- over them: the normal state after a deploy. Only the head of each range is looked at, since only
-- what stands in front of other jobs is in anybody's way; all jobs of a type found there are
-- parked, up to :batch at once. Returns the number of parked jobs of each type.
with recursive
ranges (queue, priority) as (
    select q.queue, (
        select j.priority from steve.job j
        where j.queue = q.queue and j.status = 'pending' and not j.parked
        order by j.priority desc
        limit 1
    )
    from unnest(:queues::text[]) as q (queue)
    union all
    select r.queue, (
        select j.priority from steve.job j
        where j.queue = r.queue and j.priority < r.priority and j.status = 'pending' and not j.parked
        order by j.priority desc
        limit 1
    )
    from ranges r
    where r.priority is not null
),
head as materialized (
    select distinct h.queue, h.type
    from ranges r
    cross join lateral (
        select j.queue, j.type from steve.job j
        where j.queue = r.queue
            and j.priority = r.priority
            and j.run_at <= steve.now()
            and j.status = 'pending'
            and not j.parked
        order by j.run_at, j.id
        limit 200
    ) as h
),
orphaned as materialized (
    select h.queue, h.type from head h
    where not exists (
        select from steve.worker w
        where w.died_at is null and w.expires_at > steve.now()
            and h.queue = any(w.queues) and (w.types is null or h.type = any(w.types))
    )
),
parked as (
    update steve.job j
    set parked = true
    where j.uid = any(array(
        select found.uid
        from orphaned o
        -- A type at a time, so that without any the table is not looked at.
        cross join lateral (
            select j.uid from steve.job j
            where j.queue = o.queue and j.type = o.type and j.status = 'pending' and not j.parked
            limit :batch::integer
            for update skip locked
        ) as found
        limit :batch::integer
    ))
    returning j.queue, j.type
)
select queue, type, count(*) from parked group by queue, type;
