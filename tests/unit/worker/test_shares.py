"""Shares: limits of queues, and whose turn it is."""

from __future__ import annotations

from steve.worker.shares import Shares


def test_another_queue_is_first_each_time() -> None:
    shares = Shares({"a": None, "b": None, "c": None}, {}.__getitem__)
    firsts = [next(iter(shares.capacities(5))) for _ in range(4)]
    assert firsts[:3] == ["b", "c", "a"]
    assert firsts[3] == firsts[0]
    assert shares.capacities(5) == {"a": 5, "b": 5, "c": 5}


def test_limits_count_what_is_in_hand() -> None:
    in_hand = {"a": 1, "b": 2}
    shares = Shares({"a": 3, "b": 2, "c": None}, in_hand.__getitem__)
    assert shares.capacities(9) == {"a": 2, "c": 9}
    assert [shares.room(name) for name in ("a", "b", "c", "elsewhere")] == [
        True, False, True, False,
    ]  # fmt: skip
