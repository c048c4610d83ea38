-- Declares dead the workers whose lease has run out, and returns every dead worker that may still
-- hold jobs. A worker whose claim is in flight is left for the next time: the claim holds a lock
-- on its row. Death is final.
with lapsed as (
    select id from steve.worker
    where died_at is null and expires_at < steve.now()
    order by id
    for update skip locked
),
buried as (
    update steve.worker w
    set died_at = steve.now(), death = 'lost', running = 0
    from lapsed l
    where w.id = l.id and w.died_at is null and w.expires_at < steve.now()
    returning w.id
)
select id from buried
union all
select id from steve.worker where died_at is not null and swept_at is null;
