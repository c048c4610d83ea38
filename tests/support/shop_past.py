"""What a shop has seen in the last days: samples of how it went, and the jobs that are kept.

It is made up, and comes out alike whenever it is made: the hour of the day is counted back from
now, at which it is always three in the afternoon.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise, zip_longest
from statistics import NormalDist
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from steve.core.histogram import BUCKETS

Connection = psycopg.AsyncConnection[Any]

WIDTHS = {10: 7_200, 60: 93_600, 900: 8 * 86_400}
"""How far back samples go of each width, in seconds."""

HOUR = 3_600.0
OUTAGE = (9.2 * HOUR, 8.3 * HOUR)
"""When the bank could not be reached, in seconds before now."""


class Pace(NamedTuple):
    """Jobs a second at noon, the usual seconds until the start and until the end, and failures."""

    rate: float
    wait: float
    run: float
    failing: float


PACES = {
    "default": Pace(0.3, 0.012, 0.17, 0.012),
    "mail": Pace(0.6, 0.009, 0.10, 0.006),
    "billing": Pace(0.6, 0.011, 0.33, 0.015),
    "media": Pace(0.3, 0.080, 1.10, 0.010),
    "search": Pace(1.2, 0.006, 0.04, 0.001),
}


class Ends(NamedTuple):
    """What ended in a stretch of time, and what there was at its end."""

    completed: int
    failed: int
    ready: int
    scheduled: int
    running: int
    oldest: float | None
    waits: list[int]
    runs: list[int]


def _ends(pace: Pace, queue: str, ago: float, seconds: int, chance: random.Random) -> Ends:
    hour = (15 - ago / HOUR) % 24
    day = 0.25 + 0.75 * max(0.0, math.sin((hour - 6) / 17 * math.pi)) ** 0.7
    jobs = pace.rate * day * seconds * chance.gauss(1, 0.5 / math.sqrt(seconds * pace.rate + 1))
    out = queue == "billing" and OUTAGE[1] < ago < OUTAGE[0]
    after = queue == "billing" and OUTAGE[1] - 1_500 < ago <= OUTAGE[1]
    failed = _whole(jobs * (0.4 if out else pace.failing), chance)
    completed = _whole(jobs * (0.2 if out else 1.8 if after else 1), chance)
    behind = 900 * (OUTAGE[0] - ago) / (OUTAGE[0] - OUTAGE[1]) if out else 0.0
    behind = 900 * (ago - OUTAGE[1] + 1_500) / 1_500 if after else behind
    wait = pace.wait * (1 + 0.5 * day * chance.random()) + behind / 60
    ready = _whole(behind + chance.random() * pace.rate * pace.wait * 40, chance)
    ended = completed + failed
    return Ends(
        completed, failed, ready, _whole(12 * pace.rate + behind / 9, chance),
        _whole(pace.rate * day * pace.run * 2, chance), wait if ready else None,
        _sizes(wait, 0.8, ended, chance), _sizes(pace.run, 0.6, ended, chance),
    )  # fmt: skip


def _whole(number: float, chance: random.Random) -> int:
    """Round up or down, so that the mean is right."""
    return max(0, math.floor(number + chance.random()))


def _sizes(middle: float, spread: float, count: int, chance: random.Random) -> list[int]:
    """Count durations around one of them by their size, as samples do."""
    sizes = NormalDist(math.log2(middle / 0.001) * 2, spread * 2.885)
    below = [0.0, *(sizes.cdf(border) for border in range(BUCKETS - 1)), 1.0]
    counts = [_whole(count * (b - a), chance) for a, b in pairwise(below)]
    while counts and counts[-1] == 0:
        counts.pop()
    return counts


def _samples(now: datetime) -> Iterator[tuple[Any, ...]]:
    """The rows of steve.sample, of each queue and of all together."""
    for width, length in WIDTHS.items():
        chance = random.Random(width)
        end = math.floor((now.timestamp() - 3) / width) * width
        for back in range(width, length, width):
            began = datetime.fromtimestamp(end - back, now.tzinfo)
            parts = {
                queue: _ends(pace, queue, back, width, chance) for queue, pace in PACES.items()
            }
            for queue, ends in {**parts, "": _together(list(parts.values()))}.items():
                yield (width, queue, began, *ends)


def _together(parts: list[Ends]) -> Ends:
    def sums(counts: list[list[int]]) -> list[int]:
        return [sum(each) for each in zip_longest(*counts, fillvalue=0)]

    completed, failed, ready, scheduled, running = (
        sum(getattr(part, name) for part in parts) for name in Ends._fields[:5]
    )
    oldest = max((part.oldest for part in parts if part.oldest is not None), default=None)
    waits, runs = sums([part.waits for part in parts]), sums([part.runs for part in parts])
    return Ends(completed, failed, ready, scheduled, running, oldest, waits, runs)


_UID = """
create function pg_temp.uid(at timestamptz) returns uuid language sql as $$
    select encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid()) placing
        substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6
    ), 52, 1), 53, 1), 'hex')::uuid
$$
"""

_COMPLETED = """
insert into steve.job_archive (
    id, uid, type, queue, status, payload, result, created_at, run_at, scheduled_at, started_at,
    attempted_at, completed_at, attempts, worker, attempt_id
)
select
    nextval(pg_get_serial_sequence('steve.job', 'id')), pg_temp.uid(at), type, queue, 'completed',
    jsonb_build_object('order', 48000 + n / 3), '{"ok": true}', at, at, at, start, start,
    start + took * interval '1 second', 1, 1, n
from (
    select
        n, at, at + random() * interval '30 milliseconds' as start, k.type, k.queue,
        k.took * (0.5 + random()) as took
    from generate_series(1, 24000) as n
    cross join lateral (select steve.now() - interval '3 hours' * (1 - n / 24000.0) as at) as t
    join (values
        (0, 'send_receipt', 'mail', 0.1), (1, 'reindex_product', 'search', 0.04),
        (2, 'charge_card', 'billing', 0.33), (3, 'reindex_product', 'search', 0.04),
        (4, 'order_shipped', 'mail', 0.1), (5, 'sync_inventory', 'default', 0.17),
        (6, 'resize_image', 'media', 1.0)
    ) as k (place, type, queue, took) on k.place = n % 7
) as made
"""

_SPREAD = """
with copied as materialized (
    select
        j.*, pg_temp.uid(t.at) as new_uid,
        nextval(pg_get_serial_sequence('steve.job', 'id')) as new_id, t.at - j.created_at as later
    from steve.job_archive j
    cross join lateral generate_series(1, %s) as n
    cross join lateral (
        -- With n in it, it is another time for each of them.
        select steve.now() - interval '1 hour' * (%s + (%s - %s) * random() ^ %s + 0 * n) as at
    ) as t
    where j.status = 'failed' and j.type = %s and j.error ->> 'type' = %s
),
attempts as (
    insert into steve.attempt
    select
        a.id, c.new_id, a.worker, a.started_at + c.later, a.completed_at + c.later,
        a.attempt_number, a.status, a.error_message, a.error_details, a.fingerprint
    from copied c
    join steve.attempt a on a.job_id = c.id
)
insert into steve.job_archive (
    id, uid, type, queue, status, payload, error, fingerprint, created_at, run_at, scheduled_at,
    started_at, attempted_at, completed_at, attempts, max_attempts, worker, attempt_id
)
select
    new_id, new_uid, type, queue, status, payload, error, fingerprint, created_at + later,
    run_at + later, scheduled_at + later, started_at + later, attempted_at + later,
    completed_at + later, attempts, max_attempts, worker, attempt_id
from copied
"""

_ACTIONS = (
    (51, "grace", "retry", {"filter": {"type": ["charge_card"], "status": ["failed"]}}, 214),
    (97, "ada", "pause", {"queue": "mail", "seconds": 900}, 1),
    (95, "ada", "resume", {"queue": "mail"}, 1),
    (493, "grace", "cancel", {"filter": {"type": ["transcode_video"]}}, 3),
    (508, "ada", "stop", {"worker": 2}, 1),
)


async def remember(connection: Connection) -> None:
    """Write what was before the shop opens: samples, completed jobs, and what people did."""
    await connection.execute("select setseed(0.42)")
    await connection.execute(
        "select steve.create_partitions('21 days', steve.now() - interval '9 days')"
    )
    await connection.execute(_UID)
    cursor = await connection.execute("select steve.now()")
    ((now,),) = await cursor.fetchall()
    columns = "width, queue, began_at, completed, failed, ready, scheduled, running, oldest_ready"
    async with connection.cursor().copy(
        f"copy steve.sample ({columns}, waits, runs) from stdin"
    ) as copy:
        for sample in _samples(now):
            await copy.write_row(sample)
    await connection.execute(_COMPLETED)
    for ago, actor, action, target, changed in reversed(_ACTIONS):
        await connection.execute(
            "insert into steve.action (acted_at, actor, action, target, changed) "
            "values (%s, %s, %s, %s, %s)",
            (now - timedelta(minutes=ago), actor, action, Jsonb(target), changed),
        )
    await connection.execute("analyze")


class Failing(NamedTuple):
    """A job that fails with this error, and has so many times between so many hours ago: evenly if
    `lately` is 1, the more of them of late the larger it is."""

    type: str
    payload: dict[str, Any]
    error: str
    times: int
    since: float = 166.0
    until: float = 0.05
    lately: float = 1.0


FAILINGS = (
    Failing("charge_card", {"order": 48113, "amount": "64.00", "declined": True}, "CardDeclined",
            780, lately=1.2),
    Failing("charge_card", {"order": 47201, "amount": "18.50", "unreachable": True}, "TimeoutError",
            231, *(ago / HOUR for ago in OUTAGE)),
    Failing("send_receipt", {"order": 48090, "to": "ada@exmaple.com", "broken": True},
            "UnknownAddress", 300),
    Failing("resize_image", {"file": "celadon-bowl-03.heic", "broken": True}, "OSError", 64,
            lately=2.5),
    Failing("sync_inventory", {"warehouse": "north", "broken": True}, "KeyError", 41, 3.2),
    Failing("daily_report", {"day": "2026-03-01"}, "ZeroDivisionError", 6, 160),
)  # fmt: skip


async def spread(connection: Connection, failing: Failing) -> None:
    """Let what has failed once have failed as many times as it should have."""
    until, since = failing.until, failing.since
    await connection.execute(
        _SPREAD,
        (failing.times, until, since, until, failing.lately, failing.type, failing.error),
    )
