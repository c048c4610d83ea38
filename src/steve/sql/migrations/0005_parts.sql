-- Three parts that a role can be granted: producer, worker, monitor.

-- What each part may; every part may look, which is all that a monitor may. Nothing is granted on
-- partitions: for what is asked of their table, PostgreSQL looks at none of them. A later version of
-- this function comes with a call of steve.regrant().
create function steve.part_privileges()
returns table (part text, privileges text, kind text, object text)
language sql stable
as $$
    values
        -- The column besides, which nobody grants by hand: see regrant.
        ('monitor', 'select, select (version)', 'table', 'steve.migration'),
        ('monitor', 'select', 'table', 'steve.job'),
        ('monitor', 'select', 'table', 'steve.job_archive'),
        ('monitor', 'select', 'table', 'steve.attempt'),
        ('monitor', 'select', 'table', 'steve.jobs'),
        ('monitor', 'select', 'table', 'steve.worker'),
        ('monitor', 'select', 'table', 'steve.queue'),
        ('monitor', 'select', 'table', 'steve.sleeper'),
        ('monitor', 'execute', 'function', 'steve.now()'),

        -- What is asked for, and not what becomes of it.
        ('producer', 'insert (uid, type, payload, queue, priority, run_at, scheduled_at, timeout, '
            'max_attempts, max_crashes, backoff_strategy, tags, meta, actor)', 'table', 'steve.job'),
        -- To be told that a job is over.
        ('producer', 'insert (channel, until, uids), update (until, uids), delete', 'table', 'steve.sleeper'),
        ('producer', 'execute', 'function', 'steve.uuid7()'),
        ('producer', 'execute', 'function', 'steve.wake_workers(text, text[], timestamptz, integer)'),
        ('producer', 'execute', 'function', 'steve.create_jobs(jsonb, text, boolean)'),
        ('producer', 'execute', 'function', 'steve.create_job(text, jsonb, text, timestamptz, integer, '
            'integer, text, double precision, integer, text[], jsonb, text)'),
        ('producer', 'execute', 'function', 'steve.cancel_jobs(uuid[], text)'),
        ('producer', 'execute', 'function', 'steve.cancel_job(uuid, text)'),
        ('producer', 'execute', 'function', 'steve.drop_resent(uuid[])'),

        -- What becomes of a job, and not what it is: a worker cannot make one of another.
        ('worker', 'update (attempt_id, worker, updated_at, run_at, attempted_at, started_at, '
            'attempts, refunded, crashes, parked, progress, status, error, fingerprint, '
            'progress_message), delete', 'table', 'steve.job'),
        ('worker', 'usage', 'sequence', 'steve.attempt_id'),
        ('worker', 'insert', 'table', 'steve.job_archive'),
        ('worker', 'insert', 'table', 'steve.attempt'),
        ('worker', 'insert, update, delete', 'table', 'steve.worker'),
        ('worker', 'insert, update, delete', 'table', 'steve.sleeper'),
        ('worker', 'execute', 'function', 'steve.wake_workers(text, text[], timestamptz, integer)'),
        ('worker', 'execute', 'function', 'steve.wake_waiters(uuid[])'),
        ('worker', 'execute', 'function', 'steve.create_partitions(interval, timestamptz)'),
        ('worker', 'execute', 'function', 'steve.remove_partition(text)')
$$;

-- Grants a part to a role; a second time changes nothing. Only the owner of the tables can.
create function steve.grant_part(part text, role text) returns void
language plpgsql
as $$
declare
    home constant text := (
        select n.nspname from pg_namespace n join pg_class c on c.relnamespace = n.oid
        where c.oid = 'steve.job'::regclass
    );
    given record;
begin
    -- Else PostgreSQL would warn, and grant nothing.
    if not (select pg_has_role(relowner, 'usage') from pg_class where oid = 'steve.job'::regclass) then
        raise exception 'only the owner of the tables can grant what is done with them'
            using errcode = 'insufficient_privilege';
    end if;
    if part not in ('producer', 'worker', 'monitor') then
        raise exception 'there is no part %: there are producer, worker, monitor', quote_literal(part)
            using errcode = 'invalid_parameter_value';
    end if;
    -- PostgreSQL would take it for everybody, also in quotes.
    if role = 'public' then
        raise exception 'a part is granted to roles, not to PUBLIC, which is everybody'
            using errcode = 'invalid_parameter_value';
    end if;
    execute format('grant usage on schema %I to %I', home, role);
    if not has_schema_privilege(role, home, 'usage') then
        raise exception 'the schema belongs to somebody else, who has to run: GRANT USAGE ON SCHEMA % TO %',
            quote_ident(home), quote_ident(role)
            using errcode = 'insufficient_privilege';
    end if;
    for given in select * from steve.part_privileges() p where p.part in ('monitor', grant_part.part) loop
        execute format('grant %s on %s %s to %I', given.privileges, given.kind, given.object, role);
    end loop;
end
$$;

-- Grants anew the parts that roles have, for what has come since. Who has a part is known by a
-- privilege on a column: what is granted by hand is granted on tables.
create function steve.regrant() returns void
language sql volatile
as $$
    select steve.grant_part(mark.part, pg_get_userbyid(held.grantee))
    from (values
        ('producer', 'steve.job'::regclass, 'payload', 'INSERT'),
        ('worker', 'steve.job'::regclass, 'attempt_id', 'UPDATE'),
        ('monitor', 'steve.migration'::regclass, 'version', 'SELECT')
    ) as mark (part, home, name, privilege)
    join pg_class c on c.oid = mark.home
    join pg_attribute a on a.attrelid = c.oid and a.attname = mark.name
    cross join aclexplode(a.attacl) as held
    where held.privilege_type = mark.privilege and held.grantee not in (0, c.relowner)
$$;

-- They belong to the owner of the tables, whoever migrates: later versions replace them.
do $$
declare
    made regprocedure;
    owner regrole := (select relowner from pg_class where oid = 'steve.job'::regclass);
begin
    foreach made in array array[
        'steve.part_privileges()', 'steve.grant_part(text, text)', 'steve.regrant()'
    ]::regprocedure[] loop
        execute format('alter function %s owner to %s', made, owner);
    end loop;
end
$$;
