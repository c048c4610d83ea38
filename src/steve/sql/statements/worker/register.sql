-- A new worker, its lease running from now.
insert into steve.worker (
    name, host, pid, version, channel, queues, types, concurrency, lease, expires_at
)
values (
    :name::text, :host::text, :pid::integer, :version::text, :channel::text, :queues::text[],
    :types::text[], :concurrency::integer, :lease::double precision,
    steve.now() + :lease::double precision * interval '1 second'
)
returning id;
