"""A record of every transition of every job, written by triggers in the transaction that makes it.

What was rolled back leaves nothing here, and what was committed cannot be missing: this is the
history that the rules are held against. The clock is the database's. Rows of one job are numbered
in the order in which they happened, since each was written while the job's row was locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec
import psycopg

INSTALL = """
create schema storm;
create table storm.effect (uid uuid not null, attempt_id bigint not null);
create table storm.audit (
    number     bigint generated always as identity primary key,
    at         timestamptz not null default clock_timestamp(),
    xid        xid8 not null default pg_current_xact_id(),
    place      text not null,
    happened   text not null,
    uid        uuid not null,
    status     text not null,
    worker     bigint,
    attempt_id bigint,
    attempts   integer not null,
    refunded   integer not null,
    crashes    integer not null,
    unique_key text,
    limit_key  text
);

create function storm.record() returns trigger
language plpgsql security definer
as $$
declare
    job record := coalesce(new, old);
begin
    insert into storm.audit (
        place, happened, uid, status, worker, attempt_id, attempts, refunded, crashes, unique_key,
        limit_key
    ) values (
        tg_argv[0], lower(tg_op), job.uid, job.status, job.worker, job.attempt_id, job.attempts,
        job.refunded, job.crashes, job.unique_key, job.limit_key
    );
    return null;
end
$$;

create trigger storm_live after insert or delete on steve.job
for each row execute function storm.record('live');

-- Progress, parking and cancellation requests are no transitions.
create trigger storm_change after update on steve.job
for each row
when ((old.status, old.worker, old.attempt_id, old.attempts, old.refunded, old.crashes)
    is distinct from
    (new.status, new.worker, new.attempt_id, new.attempts, new.refunded, new.crashes))
execute function storm.record('live');

create trigger storm_archive after insert or delete on steve.job_archive
for each row execute function storm.record('archive');

grant usage on schema storm to public;
grant insert on storm.effect to public;
"""


class Event(msgspec.Struct, frozen=True):
    """A row that came, changed or went. Values are those after the change, or before it went."""

    number: int
    at: datetime
    xid: int
    place: Literal["live", "archive"]
    happened: Literal["insert", "update", "delete"]
    uid: str
    status: str
    worker: int | None
    attempt_id: int | None
    attempts: int
    refunded: int
    crashes: int


def install(connection: psycopg.Connection[Any]) -> None:
    """Put the triggers on the tables of schema `steve`."""
    connection.execute(INSTALL)


def events(connection: psycopg.Connection[Any]) -> Iterator[Event]:
    """Everything that happened, in order for each job."""
    rows = connection.execute(
        """
        select number, at, xid::text::bigint, place, happened, uid::text, status, worker,
            attempt_id, attempts, refunded, crashes
        from storm.audit order by number
        """
    )
    return (Event(*row) for row in rows)
