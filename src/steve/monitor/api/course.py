"""The course of things, from samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import zip_longest

from steve.core.histogram import Histogram
from steve.monitor.shapes.queries import Range
from steve.monitor.shapes.whole import History
from steve.monitor.source import Source
from steve.operations.monitor_whole import Sample, history

_RANGES: dict[Range, tuple[int, int, int]] = {
    "5m": (300, 10, 1),
    "1h": (3_600, 10, 1),
    "6h": (21_600, 60, 1),
    "24h": (86_400, 60, 5),
    "7d": (604_800, 900, 2),
}
"""Seconds in all, the width of the samples, and how many of them make one entry."""

LATE = 15
"""Seconds after its end that a sample may take to be there."""


async def course(source: Source, range: Range, queue: str, now: datetime) -> History:
    """Read how things went: of a queue, or of all together where that is ''."""
    seconds, sample, many = _RANGES[range]
    width = sample * many
    end = (int(now.timestamp()) - LATE) // width * width
    first = end - seconds
    since = datetime.fromtimestamp(first, UTC)
    found = await source.run(history(sample, since, queue))
    return put_together(found, first, seconds // width, width)


def put_together(samples: Sequence[Sample], first: int, entries: int, width: int) -> History:
    """Make entries of `width` seconds out of samples.

    Where there is no sample nothing has ended, and what there was is what there was before.
    """
    parts: list[list[Sample]] = [[] for _ in range(entries)]
    for sample in samples:
        place = (int(sample.began_at.timestamp()) - first) // width
        if 0 <= place < entries:
            parts[place].append(sample)
    waits = [_sum(sample.waits for sample in part) for part in parts]
    runs = [_sum(sample.runs for sample in part) for part in parts]
    return History(
        width=width,
        times=[first + number * width for number in range(entries)],
        completed=[sum(sample.completed for sample in part) for part in parts],
        failed=[sum(sample.failed for sample in part) for part in parts],
        ready=_carried(parts, lambda sample: sample.ready),
        scheduled=_carried(parts, lambda sample: sample.scheduled),
        running=_carried(parts, lambda sample: sample.running),
        wait_p50=[each.percentile(0.5) for each in waits],
        wait_p95=[each.percentile(0.95) for each in waits],
        run_p50=[each.percentile(0.5) for each in runs],
        run_p95=[each.percentile(0.95) for each in runs],
    )


def _sum(histograms: Iterable[Histogram]) -> Histogram:
    return Histogram(map(sum, zip_longest(*histograms, fillvalue=0)))


def _carried(
    parts: Sequence[Sequence[Sample]], depth: Callable[[Sample], int | None]
) -> list[int | None]:
    carried: list[int | None] = []
    last: int | None = None
    for part in parts:
        known = (depth(sample) for sample in reversed(part))
        last = next((each for each in known if each is not None), last)
        carried.append(last)
    return carried
