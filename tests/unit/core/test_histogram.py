"""Percentiles out of few numbers."""

from __future__ import annotations

from random import Random

import pytest

from steve.core.histogram import BUCKETS, Histogram


def bucket(seconds: float) -> int:
    """As the database finds it."""
    index = 0
    while index < BUCKETS - 1 and seconds >= 0.001 * 2 ** (index / 2):
        index += 1
    return index


def histogram(durations: list[float]) -> Histogram:
    counts = [0] * BUCKETS
    for seconds in durations:
        counts[bucket(seconds)] += 1
    return Histogram(counts)


@pytest.mark.parametrize("scale", [0.005, 1.0, 600.0])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95, 0.99])
def test_percentiles_are_good_to_a_fifth(scale: float, share: float) -> None:
    random = Random(5)
    durations = sorted(scale * random.lognormvariate(0, 1.5) + 0.001 for _ in range(10_000))
    estimate = histogram(durations).percentile(share)
    assert estimate == pytest.approx(durations[int(share * 10_000)], rel=0.2)


def test_the_ends_are_clipped() -> None:
    assert histogram([0.0, 0.0005]).percentile(0.5) == 0.001
    week = histogram([7 * 86_400.0]).percentile(0.5)
    assert week is not None
    assert 86_400 < week < 100_000


def test_of_nothing_there_is_none() -> None:
    assert Histogram().percentile(0.5) is None
    assert Histogram([0, 0, 0]).percentile(0.5) is None


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_one_is_in_its_bucket(share: float) -> None:
    for seconds in (0.002, 1.0, 59.0, 3600.0):
        estimate = histogram([seconds]).percentile(share)
        assert estimate is not None
        assert seconds / 1.5 < estimate < seconds * 1.5
