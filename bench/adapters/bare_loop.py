"""The bare loop: what plain claim and finish statements can do, without a framework around them.

Two connections, pipelined, batches of 200: one claims while the other finishes. The yardstick.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psycopg

BARE_DDL = """
create schema if not exists bare;
create table bare.job(
    id bigint generated always as identity,
    uid uuid not null default gen_random_uuid() primary key,
    queue text not null default 'default',
    type text not null,
    priority smallint not null default 0,
    payload jsonb not null,
    status "char" not null default 'p',
    attempts smallint not null default 0,
    created_at timestamptz not null default now(),
    run_at timestamptz not null default now(),
    started_at timestamptz,
    worker_id bigint
) with (fillfactor=70);
create index on bare.job(queue, priority, run_at, id) where status='p';
create table bare.done(
    id bigint, uid uuid, queue text, type text, payload jsonb, attempts smallint,
    created_at timestamptz, run_at timestamptz, started_at timestamptz, completed_at timestamptz,
    result jsonb
);
create index on bare.done(uid);
create index on bare.done(completed_at);
"""

CLAIM = """
update bare.job set status='r', attempts=attempts+1, started_at=now(), worker_id=7
where uid = any(array(
    select uid from bare.job where queue='default' and status='p' and run_at<=now()
    order by priority, run_at, id limit %s for update skip locked
))
returning uid, type, payload, attempts
"""

FINISH = """
with f as (select * from unnest(%s::uuid[], %s::smallint[]) f(uid,attempts)),
d as (
    delete from bare.job j using f
    where j.uid=f.uid and j.attempts=f.attempts and j.worker_id=7
    returning j.*
)
insert into bare.done
select id,uid,queue,type,payload,attempts,created_at,run_at,started_at,now(),'{}' from d
"""

FILL = """
insert into bare.job(type,payload)
select 'noop', jsonb_build_object('to','user@example.com','n',g,'s',repeat('x',50))
from generate_series(1,%s) g
"""


async def bare_drain(dsn: str, n: int, batch: int = 200) -> float:
    """Return the jobs a second of a plain psycopg loop that drains `n` jobs."""
    a, b = [await psycopg.AsyncConnection.connect(dsn, autocommit=True) for _ in range(2)]
    await a.execute("drop schema if exists bare cascade")
    await a.execute(BARE_DDL)
    await a.execute(FILL, (n,))
    await a.execute("vacuum analyze bare.job")
    q: asyncio.Queue[list[Any] | None] = asyncio.Queue(4)

    async def finisher() -> None:
        cur = b.cursor()
        while (batch_rows := await q.get()) is not None:
            values = ([r[0] for r in batch_rows], [r[3] for r in batch_rows])
            await cur.execute(FINISH, values, prepare=True)

    t = time.perf_counter()
    task = asyncio.create_task(finisher())
    cur = a.cursor(binary=True)
    done = 0
    while True:
        await cur.execute(CLAIM, (batch,), prepare=True)
        rows = await cur.fetchall()
        if not rows:
            break
        done += len(rows)
        await q.put(rows)
    await q.put(None)
    await task
    rate = done / (time.perf_counter() - t)
    await a.close()
    await b.close()
    return rate
