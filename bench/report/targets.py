"""What steve is to reach: ratios between figures of one round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.report.summary import Spread, Summary

STEVE, DEFAULT, BARE = "steve/tuned", "steve/default", "bare/uvloop"
PYTHON_PEERS = ("procrastinate", "pgqueuer", "oban", "chancy", "absurd", "dbos")


@dataclass(frozen=True, slots=True)
class Target:
    """A figure with the limit that it is to keep."""

    title: str
    limit: float
    found: Spread | None
    at_most: bool = False
    unit: str = ""
    digits: int = 2

    @property
    def reached(self) -> bool | None:
        """Whether the median keeps the limit; None when it was not measured."""
        if self.found is None:
            return None
        if self.at_most:
            return self.found.median <= self.limit
        return self.found.median >= self.limit


def targets(summary: Summary) -> Iterator[Target]:
    """All targets, in the order of the workloads."""
    drain = "drain"
    yield Target("drain over the bare loop", 0.70, summary.ratio(drain, "rate", STEVE, BARE))
    for peer, factor in (
        ("pgqueuer", 1.5), ("pg-boss", 1.8), ("graphile-worker", 0.8), ("chancy", 6), ("oban", 15),
        ("original", 20), ("absurd", 30), ("procrastinate", 40), ("dbos", 40),
    ):  # fmt: skip
        best = fastest(summary, peer)
        found = summary.ratio(drain, "rate", STEVE, best) if best else None
        yield Target(f"drain over {best or peer}", factor, found)
    yield Target("drain, default over tuned", 0.8, summary.ratio(drain, "rate", DEFAULT, STEVE))
    yield Target("drain, two workers over one", 1.1, summary.spread("drain-2", STEVE, "gain"))
    yield from _hard(summary)
    yield from _latency(summary)
    yield from _creating(summary)
    yield from _growing(summary)
    yield from _standing(summary)


def fastest(summary: Summary, peer: str) -> str | None:
    """The configuration of a peer that drains fastest."""
    known = [
        (spread.median, name)
        for name in summary.contenders("drain")
        if name.partition("/")[0] == peer and (spread := summary.spread("drain", name, "rate"))
    ]
    return max(known)[1] if known else None


def _hard(summary: Summary) -> Iterator[Target]:
    for key, title in (
        ("types", "20 types"), ("priorities", "5 priorities"), ("queues", "3 queues"),
        ("failing", "5 % failing"), ("foreign", "150,000 jobs of a type nobody handles"),
        ("transactions", "callers' transactions"), ("all", "all at once"),
    ):  # fmt: skip
        yield Target(
            f"drain made hard over simple: {title}", 0.8,
            summary.spread("hard", STEVE, f"{key}_ratio"),
        )  # fmt: skip


def _latency(summary: Summary) -> Iterator[Target]:
    for key in ("p50", "p99"):
        found = summary.ratio("pickup", key, STEVE, BARE)
        yield Target(f"pickup {key} over the bare LISTEN loop", 1.4, found, at_most=True)
        ratios = [
            (ratio.median, name, ratio)
            for name in _peers(summary, "pickup")
            if (ratio := summary.ratio("pickup", key, STEVE, name))
        ]
        if ratios:
            _, name, ratio = max(ratios, key=lambda one: one[0])
            yield Target(f"pickup {key} over the best peer, {name}", 1.0, ratio, at_most=True)
    yield Target(
        "pickup p99 at 500 jobs/s out of callers' transactions", 20,
        summary.spread("steady-transactions", STEVE, "p99"), at_most=True, unit=" ms", digits=1,
    )  # fmt: skip
    ratios = [
        (ratio.median, name, ratio)
        for name in _peers(summary, "steady")
        if name.partition("/")[0] in PYTHON_PEERS
        and (ratio := summary.ratio("steady", "cpu", STEVE, name))
    ]
    if ratios:
        _, name, ratio = max(ratios, key=lambda one: one[0])
        yield Target(
            f"CPU at 500 jobs/s over the best Python peer, {name}", 0.6, ratio, at_most=True
        )


def _creating(summary: Summary) -> Iterator[Target]:
    yield Target(
        "create by 16 clients beside a busy worker over a raw INSERT", 0.85,
        summary.spread("create-busy", STEVE, "over_raw"),
    )  # fmt: skip
    yield Target(
        "bulk create over a raw COPY", 0.6, summary.ratio("bulk", "rate", STEVE, "raw/uvloop")
    )
    ratios = [
        (ratio.median, name, ratio)
        for name in _peers(summary, "bulk")
        if (ratio := summary.ratio("bulk", "rate", STEVE, name))
    ]
    if ratios:
        _, name, ratio = min(ratios, key=lambda one: one[0])
        yield Target(f"bulk create over the best peer, {name}", 1.0, ratio)


def _growing(summary: Summary) -> Iterator[Target]:
    for workload, title in (
        ("archived", "drain with ten million archived jobs over none"),
        ("scheduled", "drain with a million scheduled jobs over none"),
        ("paused", "drain beside a paused queue with a million jobs over none"),
    ):
        yield Target(title, 0.9, summary.spread(workload, STEVE, "ratio"))
    yield Target(
        "find among ten million archived jobs", 2.0,
        summary.spread("archived", STEVE, "find_ms"), at_most=True, unit=" ms",
    )  # fmt: skip


def _standing(summary: Summary) -> Iterator[Target]:
    snapshot = "snapshot"
    for key, title, limit, unit in (
        ("p99_ratio", "claim p99 under a held snapshot over before", 5.0, ""),
        ("max", "slowest claim under a held snapshot", 250.0, " ms"),
        ("late_max", "start of a job committed late", 500.0, " ms"),
    ):
        found = summary.spread(snapshot, STEVE, key)
        yield Target(title, limit, found, at_most=True, unit=unit, digits=1)
    yield Target(
        "statements per second of an idle worker", 2.0,
        summary.spread("idle", DEFAULT, "statements"), at_most=True,
    )  # fmt: skip
    yield Target(
        "memory of a worker that drains a million jobs", 150.0,
        summary.spread("memory", STEVE, "peak"), at_most=True, unit=" MB", digits=0,
    )  # fmt: skip
    for key, title, limit in (
        ("paint", "first paint of the monitor beside ten million archived jobs", 1000.0),
        ("worst", "slowest call of its API there", 300.0),
    ):
        found = summary.spread("monitor", STEVE, key)
        yield Target(title, limit, found, at_most=True, unit=" ms", digits=0)
    yield Target(
        "import steve", 150.0, summary.spread("import", STEVE, "ms"), at_most=True, unit=" ms",
        digits=0,
    )  # fmt: skip


def _peers(summary: Summary, workload: str) -> list[str]:
    ours = {"steve", "bare", "own", "raw"}
    return [name for name in summary.contenders(workload) if name.partition("/")[0] not in ours]
