"""Pace: what comes alone goes at once, what comes often goes together, unless somebody waits."""

from __future__ import annotations

from steve.worker.pace import BETWEEN, ENOUGH, IMPATIENCE, Pace


def test_the_first_goes_at_once() -> None:
    assert Pace().left(1, 0.0) <= 0


def test_one_after_the_other_go_at_once() -> None:
    pace = Pace()
    pace.begin(1, 10.0)
    assert pace.left(1, 10.001) <= 0


def test_after_a_group_the_next_gathers() -> None:
    pace = Pace()
    pace.begin(2, 10.0)
    assert 0 < pace.left(1, 10.001) < BETWEEN
    assert pace.left(1, 10.0 + BETWEEN * 1.1) <= 0


def test_many_are_enough() -> None:
    pace = Pace()
    pace.begin(2, 10.0)
    assert pace.left(ENOUGH, 10.001) <= 0


def test_nobody_who_waits_is_kept_waiting() -> None:
    pace = Pace()
    pace.awaited(9.9)
    pace.begin(2, 10.0)
    assert pace.left(2, 10.001) <= 0
    pace.begin(2, 10.0 + IMPATIENCE)
    assert pace.left(2, 10.001 + IMPATIENCE) > 0
