"""steve itself, and the yardsticks beside it."""

from __future__ import annotations

from bench.contender import Contender, Growth, Peer, PythonEnvironment
from bench.install import ROOT
from bench.peers import FAST, UVLOOP

CONCURRENCY = 10
"""What `steve worker` does at once unless told otherwise."""

TUNED = 500

_DAYS = 10
_BACK = f"(g % {_DAYS * 86_400}) * interval '1 second'"
_WHEN = f"(steve.now() - {_BACK})"
_UID = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing "
    f"substring(int8send(floor(extract(epoch from {_WHEN}) * 1000)::bigint) from 3) "
    "from 1 for 6), 52, 1), 53, 1), 'hex')::uuid"
)

steve = Peer(
    name="steve",
    adapter="peer_steve.py",
    unfinished=(
        "select exists (select from steve.job where uid > %(above)s and uid <= %(up_to)s)"
    ),
    keeps="the job with its result; a row for every attempt that did not complete it",
    newest=(
        "select coalesce((select uid from steve.job order by uid desc limit 1),"
        " '00000000-0000-0000-0000-000000000000')"
    ),
    history=(
        Growth(
            "steve.job_archive",
            "status = 'completed'",
            {
                "id": "nextval(pg_get_serial_sequence('steve.job', 'id'))",
                "uid": _UID,
                "attempt_id": "nextval('steve.attempt_id')",
                **dict.fromkeys(
                    (
                        "created_at", "updated_at", "run_at", "scheduled_at", "attempted_at",
                        "started_at", "completed_at",
                    ),
                    _WHEN,
                ),
            },
            before=f"select steve.create_partitions(since => now() - interval '{_DAYS + 1} days')",
        ),
    ),
    scheduled=(Growth("steve.job", "run_at > now()", {"uid": "steve.uuid7()"}),),
)  # fmt: skip

bare = Peer(
    name="bare",
    adapter="peer_bare.py",
    unfinished="select exists (select from bare.job)",
    keeps="the job with its result",
)

own = Peer(
    name="own",
    adapter="peer_own.py",
    unfinished="select exists (select from steve.job)",
    keeps="as steve",
)

raw = Peer(
    name="raw",
    adapter="peer_own.py",
    unfinished="select false",
    keeps="as steve",
)

_PLAIN = PythonEnvironment("steve", (f"--editable={ROOT}",), "pg-steve")
_FAST = PythonEnvironment("steve-fast", (f"--editable={ROOT}", UVLOOP), "pg-steve")

STEVE = (
    Contender(
        steve, "tuned", f"concurrency {TUNED}, uvloop", _FAST, 65_000, 2500, 60_000,
        {**FAST, "concurrency": TUNED},
    ),
    Contender(
        steve, "default", f"`steve worker app:jobs`: concurrency {CONCURRENCY}, asyncio",
        _PLAIN, 65_000, 2500, 60_000, {"concurrency": CONCURRENCY}, best=False,
    ),
)  # fmt: skip

OWN = Contender(
    own, "uvloop", "steve's statements in a plain psycopg loop, batches of 200, uvloop",
    _FAST, 45_000, 2500, 100_000, FAST,
)  # fmt: skip

RAW = Contender(
    raw, "uvloop", "INSERT and COPY into steve's table by plain psycopg, uvloop",
    _FAST, 25_000, 2800, 100_000, {**FAST, "raw": True},
)  # fmt: skip

YARDSTICKS = (
    Contender(
        bare, "uvloop", "plain psycopg on a plain schema, batches of 200, uvloop",
        _FAST, 45_000, 3200, 250_000, FAST,
    ),
    Contender(
        bare, "asyncio", "the same on asyncio", _FAST, 45_000, 3200, 250_000, best=False,
    ),
    OWN,
    RAW,
)  # fmt: skip
