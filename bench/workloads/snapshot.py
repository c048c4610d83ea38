"""Claims while somebody holds a snapshot open, so that nothing dead can be cleaned away."""

from __future__ import annotations

import array
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from bench.contender import Contender
from bench.process import AdapterProcess, Crew
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size
from bench.workloads.pickup import latencies, quantile

MILLION = 1_000_000
CALM = 100_000
"""Jobs that pass before anybody holds a snapshot."""

CHUNK = 2000
AHEAD = 3000
PROBES_EVERY = 0.5
"""Seconds between two jobs of callers that commit late, whose starts are recorded."""

LONGEST = 1800.0
"""Seconds for which there are probes."""

_BUCKETS = 200

Claim = tuple[float, float]
"""When a claim ended, and the milliseconds it took."""


class Snapshot(OurWorkload):
    """A million jobs pass while another session sees the database as it was."""

    name = "snapshot"
    title = "Claims under a held snapshot"
    explanation = (
        "Jobs pass through the queue, first without and then with a session that holds a "
        "snapshot; how long claims take, and how soon a job starts whose transaction commits "
        "late."
    )
    figures = (
        Figure("calm_p99", "claim p99 ms before", 2, less_is_better=True),
        Figure("p99", "claim p99 ms held", 2, less_is_better=True),
        Figure("p99_ratio", "p99 held over before", 2, less_is_better=True),
        Figure("max", "claim max ms held", 1, less_is_better=True),
        Figure("late_max", "late commit started after ms", 1, less_is_better=True),
        Figure("rate", "jobs/s held"),
    )

    def seconds(self, contender: Contender, size: Size) -> float:
        return 15 + (size.rows(MILLION) + size.rows(CALM)) / contender.drains * 2.5

    def run(self, stage: Stage, size: Size) -> Measured:
        file = stage.folder / "claims"
        file.write_bytes(b"")
        stage.clear()
        probes = int(LONGEST / PROBES_EVERY)
        with ExitStack() as stack:
            crew = stack.enter_context(stage.workers(jobs=probes, claims=str(file)))
            feed = stack.enter_context(stage.process("feed", chunk=CHUNK))
            passed = _pass(crew, feed, 0, size.rows(CALM))
            calm = _claims(file)
            times = stage.folder / "times"
            late = stack.enter_context(
                stage.process(
                    "paced", n=probes, clients=4, hold=True,
                    pause=(PROBES_EVERY, PROBES_EVERY), times=str(times), until_input=True,
                )
            )  # fmt: skip
            late.event("ready")
            late.go()
            holder = stack.enter_context(psycopg.connect(stage.dsn))
            holder.execute("set transaction isolation level repeatable read")
            holder.execute("select count(*) from steve.job")
            began = time.monotonic()
            count = size.rows(MILLION)
            _pass(crew, feed, passed, count)
            seconds = time.monotonic() - began
            late.go()
            result = late.event("result")
            time.sleep(1)
            sent = int(result["n"])
            from_commit, _ = latencies(crew, times, sent)
            held = [claim for claim in _claims(file)[len(calm) :] if claim[0] >= began]
            crew.check()
        return {**_figures(calm, held, began), **_late(from_commit, sent), "rate": count / seconds}


def _pass(crew: Crew, feed: AdapterProcess, before: int, count: int) -> int:
    """Let jobs through, with few of them waiting at any time; returns how many have passed."""
    sent = before
    while sent < before + count:
        feed.event("ready")
        crew.wait_warm(sent - AHEAD, 120)
        feed.go()
        sent += CHUNK
    crew.wait_warm(sent, 120)
    return sent


def _claims(file: Path) -> list[Claim]:
    values = array.array("d", file.read_bytes())
    return [(values[at], values[at + 1] * 1000) for at in range(0, len(values), 3)]


def _figures(calm: list[Claim], held: list[Claim], began: float) -> Measured:
    calm_p99 = quantile([taken for _, taken in calm], 0.99)
    p99 = quantile([taken for _, taken in held], 0.99)
    return {
        "calm_p99": calm_p99,
        "p99": p99,
        "p99_ratio": p99 / calm_p99 if calm_p99 else 0.0,
        "max": max((taken for _, taken in held), default=0.0),
        "curve": _curve(held, began),
    }


def _curve(held: list[Claim], began: float) -> list[tuple[float, float]]:
    """The slowest claim of each stretch of time, by its seconds since the snapshot."""
    if not held:
        return []
    width = max((held[-1][0] - began) / _BUCKETS, 0.05)
    slowest: dict[int, float] = {}
    for at, taken in held:
        bucket = int((at - began) / width)
        slowest[bucket] = max(slowest.get(bucket, 0.0), taken)
    return [(round(bucket * width, 3), round(ms, 3)) for bucket, ms in sorted(slowest.items())]


def _late(from_commit: list[float], sent: int) -> dict[str, Any]:
    return {
        "late_max": max(from_commit, default=0.0),
        "late_p50": quantile(from_commit, 0.5),
        "late_samples": len(from_commit),
        "late_lost": sent - len(from_commit),
    }
