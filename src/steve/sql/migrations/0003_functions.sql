-- Creating, cancelling and retrying jobs: the public functions, for any language and for triggers.

-- A time-ordered identifier (UUID version 7, RFC 9562): milliseconds, then randomness.
create function steve.uuid7() returns uuid
language sql volatile parallel safe
as $$
    select encode(
        set_bit(set_bit(
            overlay(
                uuid_send(gen_random_uuid())
                placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6
            ), 52, 1), 53, 1),
        'hex'
    )::uuid
$$;

-- Wakes up to `jobs` sleeping workers that would otherwise sleep past `due`; returns how many.
-- Reading is all it does to the sleepers: creators never wait for each other here.
create function steve.wake_workers(
    queue text, types text[] default null, due timestamptz default steve.now(), jobs integer default 1
) returns integer
language sql volatile
as $$
    select count(pg_notify(chosen.channel, ''))::integer
    from (
        select s.channel from steve.sleeper s
        where s.until > clock_timestamp()
            and s.until > due
            and wake_workers.queue = any(s.queues)
            and (s.types is null or wake_workers.types is null or s.types && wake_workers.types)
        order by random()
        limit wake_workers.jobs
    ) as chosen
$$;

-- Tells those who wait for one of these jobs that it is over; returns how many it told.
create function steve.wake_waiters(finished uuid[]) returns integer
language sql volatile
as $$
    select count(pg_notify(s.channel, f.uid::text))::integer
    from steve.sleeper s
    cross join lateral (
        select f.uid from unnest(finished) as f (uid) where f.uid = any(s.uids)
    ) as f
    where s.until > clock_timestamp() and s.uids && finished
$$;

-- Creates jobs from an array of objects: {"type", "payload", "queue", "run_at", …}; what an object
-- leaves out has the column's default, "delay" is in seconds from now. With `resent`, jobs whose
-- uid exists already, live or archived, are left alone and not returned.
create function steve.create_jobs(jobs jsonb, actor text default null, resent boolean default false)
returns setof steve.job
language plpgsql
as $$
declare
    made steve.job[];
begin
    if resent then
        jobs := (
            select coalesce(jsonb_agg(j), '[]') from jsonb_array_elements(jobs) as j
            where not exists (select from steve.jobs known where known.uid = (j ->> 'uid')::uuid)
        );
    end if;

    with asked as (
        select
            n.*,
            coalesce(n.run_at, steve.now() + coalesce(n.delay, 0) * interval '1 second') as start
        from jsonb_to_recordset(jobs) as n (
            uid uuid, type text, payload jsonb, queue text, priority smallint,
            run_at timestamptz, delay double precision, timeout double precision,
            max_attempts integer, max_crashes integer, backoff_strategy text,
            tags text[], meta jsonb
        )
    ), inserted as (
        insert into steve.job as j (
            uid, type, payload, queue, priority, run_at, scheduled_at, timeout,
            max_attempts, max_crashes, backoff_strategy, tags, meta, actor
        )
        select
            coalesce(uid, steve.uuid7()), type, coalesce(payload, '{}'), coalesce(queue, 'default'),
            coalesce(priority, 0), start, start, timeout,
            coalesce(max_attempts, 3), coalesce(max_crashes, 3), coalesce(backoff_strategy, 'exp'),
            coalesce(tags, '{}'), coalesce(meta, '{}'), create_jobs.actor
        from asked
        -- A first send that is not committed yet was not seen above: this waits for it.
        on conflict (uid) do nothing
        returning j
    )
    select array_agg(j order by (j).id) into made from inserted;

    if not resent and coalesce(cardinality(made), 0) < jsonb_array_length(jobs) then
        raise exception 'a job with one of these uids exists already'
            using errcode = 'unique_violation', constraint = 'job_pkey';
    end if;

    if resent then
        -- The first send may have been on its way while we looked: whoever it let run and finish
        -- in the meantime is in the archive by now, and must not run again.
        with over as (
            delete from steve.job live
            using steve.job_archive done
            where live.uid = done.uid and live.uid = any(array(select (m).uid from unnest(made) as m))
            returning live.uid
        )
        select array_agg(m order by (m).id) into made
        from unnest(made) as m
        where (m).uid not in (select uid from over);
    end if;

    if exists (select from steve.sleeper) then
        perform steve.wake_workers(m.queue, array_agg(distinct m.type), min(m.run_at), count(*)::integer)
        from unnest(made) as m
        group by m.queue;
    end if;

    return query select * from unnest(made);
end
$$;

-- Creates one job and returns its uid.
create function steve.create_job(
    type text,
    payload jsonb default '{}',
    queue text default 'default',
    run_at timestamptz default null,
    priority integer default 0,
    max_attempts integer default 3,
    backoff_strategy text default 'exp',
    timeout double precision default null,
    max_crashes integer default 3,
    tags text[] default '{}',
    meta jsonb default '{}',
    actor text default null
) returns uuid
language sql volatile
as $$
    select uid from steve.create_jobs(
        jsonb_build_array(jsonb_build_object(
            'type', type, 'payload', payload, 'queue', queue, 'run_at', run_at,
            'priority', priority, 'max_attempts', max_attempts,
            'backoff_strategy', backoff_strategy, 'timeout', timeout,
            'max_crashes', max_crashes, 'tags', tags, 'meta', meta
        )),
        actor
    )
$$;

-- Cancels jobs that are not over. What has not started is cancelled at once; a running job is
-- asked to stop, and is cancelled when its worker reports (or is found dead). Returns the uids it
-- changed.
create function steve.cancel_jobs(uids uuid[], actor text default null)
returns setof uuid
language plpgsql
as $$
declare
    cancelled uuid[];
begin
    -- Wait for claims and finishes in flight in a statement of its own, so that those below see
    -- what these have written: an UPDATE that waits itself checks the constraints on the old row.
    perform j.uid from steve.job j
    where j.uid = any(uids)
    order by j.uid
    for update;

    return query
    with asked as (
        update steve.job j
        set cancel_requested_at = steve.now(), updated_at = steve.now(), actor = cancel_jobs.actor
        where j.uid = any(uids) and j.status = 'running' and j.cancel_requested_at is null
        returning j.uid, j.worker
    ), told as (
        select count(pg_notify(w.channel, 'cancel')) as workers
        from steve.worker w
        where w.id in (select worker from asked)
    )
    select a.uid from asked a, told;

    with ended as (
        delete from steve.job j
        where j.uid = any(uids) and j.status in ('pending', 'blocked')
        returning j.*
    ), archived as (
        insert into steve.job_archive as a (
            id, uid, attempt_id, worker, created_at, updated_at, run_at, scheduled_at, attempted_at,
            started_at, completed_at, expires_at, timeout, attempts, refunded, crashes,
            max_attempts, max_crashes, priority, progress, status, queue, type, backoff_strategy,
            payload, error, fingerprint, tags, meta, progress_message, actor, unique_key,
            limit_key, fair_key, limits, blockers, batch_id, schedule
        )
        select
            id, uid, attempt_id, worker, created_at, steve.now(), run_at, scheduled_at, attempted_at,
            started_at, steve.now(), expires_at, timeout, attempts, refunded, crashes,
            max_attempts, max_crashes, priority, progress, 'cancelled', queue, type, backoff_strategy,
            payload, error, fingerprint, tags, meta, progress_message, cancel_jobs.actor, unique_key,
            limit_key, fair_key, limits, blockers, batch_id, schedule
        from ended
        returning a.uid
    )
    select array_agg(a.uid) into cancelled from archived a;

    perform steve.wake_waiters(cancelled);
    return query select unnest(cancelled);
end
$$;

create function steve.cancel_job(uid uuid, actor text default null) returns boolean
language sql volatile
as $$ select exists (select from steve.cancel_jobs(array[uid], actor)) $$;

-- Brings jobs that are over back to the live table, so that `starts` more starts are left. A
-- completed job comes back only with `force`. Returns the uids it changed.
create function steve.retry_jobs(
    uids uuid[], starts integer default 1, force boolean default false, actor text default null
) returns setof uuid
language plpgsql
as $$
begin
    if starts < 1 then
        raise exception 'starts must be at least 1, not %', starts using errcode = '22023';
    end if;

    return query
    with meant as (
        delete from steve.job_archive a
        where a.uid = any(uids) and (force or a.status <> 'completed')
        returning a.*
    ), logged as (
        insert into steve.attempt (
            id, job_id, worker, started_at, completed_at, attempt_number, status
        )
        select attempt_id, id, worker, attempted_at, completed_at, attempts, 'success'
        from meant where status = 'completed'
    ), revived as (
        insert into steve.job as j (
            id, uid, attempt_id, created_at, updated_at, run_at, scheduled_at, attempted_at,
            started_at, expires_at, timeout, attempts, refunded, crashes, max_attempts,
            max_crashes, priority, status, queue, type, backoff_strategy, payload, error,
            fingerprint, tags, meta, actor, unique_key, limit_key, fair_key, limits, batch_id,
            schedule
        )
        select
            id, uid, attempt_id, created_at, steve.now(), steve.now(), scheduled_at, attempted_at,
            started_at, null, timeout, attempts, refunded, crashes,
            greatest(max_attempts, attempts - refunded + starts),
            greatest(max_crashes, crashes + starts - 1),
            priority, 'pending', queue, type, backoff_strategy, payload, error,
            fingerprint, tags, meta, retry_jobs.actor, unique_key, limit_key, fair_key, limits, batch_id,
            schedule
        from meant
        returning j.uid, j.queue, j.type
    ), woken as (
        select sum(steve.wake_workers(w.queue, w.types, steve.now(), w.jobs)) as workers
        from (
            select queue, array_agg(distinct type) as types, count(*)::integer as jobs
            from revived group by queue
        ) as w
    )
    select r.uid from revived r, woken;
end
$$;

create function steve.retry_job(uid uuid, force boolean default false, actor text default null)
returns boolean
language sql volatile
as $$ select exists (select from steve.retry_jobs(array[uid], 1, force, actor)) $$;
