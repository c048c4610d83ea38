"""How much is claimed ahead of free slots."""

from __future__ import annotations

from steve.worker.demand import HORIZON, MOST, Demand


def test_nothing_is_known_at_first() -> None:
    assert Demand(10).ahead(0, 0.0, 100.0) == 0


def test_fast_handlers_get_what_they_do_in_a_moment() -> None:
    demand = Demand(10)
    demand.ahead(0, 0.0, 100.0)
    assert demand.ahead(1000, 1.0, 101.0) == 1000 * HORIZON


def test_slow_handlers_get_nothing_ahead() -> None:
    demand = Demand(10)
    demand.ahead(0, 0.0, 100.0)
    assert demand.ahead(10, 10.0, 101.0) == 0


def test_many_that_end_at_once_are_no_high_rate() -> None:
    demand = Demand(10)
    demand.ahead(0, 0.0, 100.0)
    # Ten handlers of a second each that end within a millisecond.
    assert demand.ahead(10, 10.0, 100.001) == 0


def test_there_is_a_limit() -> None:
    demand = Demand(10_000)
    demand.ahead(0, 0.0, 100.0)
    assert demand.ahead(1_000_000, 1.0, 101.0) == MOST


def test_a_pause_halves_it_and_work_brings_it_back_at_once() -> None:
    demand = Demand(10)
    demand.ahead(0, 0.0, 100.0)
    full = demand.ahead(1000, 1.0, 101.0)
    assert demand.ahead(1000, 1.0, 102.0) == full // 2
    assert demand.ahead(2000, 2.0, 103.0) == full


def test_it_forgets() -> None:
    demand = Demand(10)
    demand.ahead(0, 0.0, 100.0)
    demand.ahead(1000, 1.0, 101.0)
    demand.forget()
    assert demand.ahead(1000, 1.0, 102.0) == 0
