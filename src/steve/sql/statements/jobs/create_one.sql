-- Creates one job that nobody can have created before, and wakes one worker that would otherwise
-- sleep past its start. The same as steve.create_jobs for an array of one, without the array. It is
-- :told which job there is, unless the transaction may create others: alike notifications are one.
with made as (
    insert into steve.job (
        uid, type, payload, queue, priority, run_at, scheduled_at, timeout, max_attempts,
        max_crashes, backoff_strategy, tags, meta, actor
    )
    select
        :uid::uuid, :type::text, :payload::text::jsonb, :queue::text, :priority::smallint,
        due.at, due.at, :timeout::double precision, :max_attempts::integer,
        :max_crashes::integer, :backoff_strategy::text, :tags::text[], :meta::text::jsonb,
        :actor::text
    from (select coalesce(
        :run_at::timestamptz,
        steve.now() + :delay::double precision * interval '1 second',
        steve.now()
    )) as due (at)
    returning id, uid, status, created_at, run_at
),
woken as (
    select pg_notify(sleeping.channel, :told::text) from made
    cross join lateral (
        select s.channel from steve.sleeper s
        where s.until > clock_timestamp()
            and s.until > made.run_at
            and :queue::text = any(s.queues)
            and (s.types is null or :type::text = any(s.types))
        order by random()
        limit 1
    ) as sleeping
)
select id, uid, status, created_at, run_at from made, (select count(*) from woken) as w;
