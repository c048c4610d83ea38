"""Delays between attempts."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steve.core.backoff import KINDS, Backoff, parse_stored
from steve.core.errors import OptionError, OptionTypeError

RULES = st.builds(
    Backoff,
    kind=st.sampled_from(KINDS),
    base=st.floats(1, 1000),
    factor=st.floats(0, 1e8),
    cap=st.floats(0, 1e8),
    jitter=st.floats(0, 1),
)
COUNTS = st.integers() | st.sampled_from([2**63, 10**400, -(10**400)])


@given(RULES, COUNTS, st.floats(0, 1))
def test_a_delay_is_within_the_cap_for_any_count(rule: Backoff, n: int, luck: float):
    assert 0 <= rule.delay(n, lambda: luck) <= rule.cap


@given(RULES, st.integers(1, 10**6), st.integers(1, 10**6))
def test_without_jitter_it_never_gets_shorter(rule: Backoff, n: int, more: int):
    steady = Backoff(rule.kind, rule.base, rule.factor, rule.cap)
    assert steady.delay(n) <= steady.delay(n + more)


@pytest.mark.parametrize(
    ("rule", "delays"),
    [
        (Backoff(), [2, 4, 8, 16]),
        (Backoff("exp", base=3, factor=0.5), [1.5, 4.5, 13.5, 40.5]),
        (Backoff("linear", factor=10), [10, 20, 30, 40]),
        (Backoff("fixed", factor=7), [7, 7, 7, 7]),
        (Backoff("none"), [0, 0, 0, 0]),
        (Backoff(cap=5), [2, 4, 5, 5]),
    ],
)
def test_delays_of_the_first_attempts(rule: Backoff, delays: list[float]):
    assert [rule.delay(n) for n in (1, 2, 3, 4)] == delays


def test_the_default_is_an_hour_at_most():
    assert Backoff().delay(11) == 2048
    assert Backoff().delay(12) == 3600
    assert Backoff().delay(32_767) == 3600


def test_counts_below_one_are_one():
    assert Backoff().delay(0) == Backoff().delay(-5) == Backoff().delay(1)


def test_jitter_spreads_in_both_directions_and_at_the_cap():
    rule = Backoff(jitter=0.25)
    assert rule.delay(2, lambda: 0.0) == 3
    assert rule.delay(2, lambda: 0.5) == 4
    assert rule.delay(2, lambda: 1.0) == 5
    assert rule.delay(99, lambda: 0.0) == 2700
    assert rule.delay(99, lambda: 1.0) == 3600


@given(RULES)
def test_its_text_means_the_same(rule: Backoff):
    again = Backoff.parse(str(rule))
    assert str(again) == str(rule)
    assert [again.delay(n, lambda: 0.3) for n in (1, 5, 50)] == [
        rule.delay(n, lambda: 0.3) for n in (1, 5, 50)
    ]
    assert len(str(rule)) <= 200


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Backoff(), "exp"),
        (Backoff("none"), "none"),
        (Backoff(base=3, cap=600, jitter=0.25), "exp base=3 factor=1 cap=600 jitter=0.25"),
        (Backoff("fixed", factor=5), "fixed factor=5 cap=3600 jitter=0"),
    ],
)
def test_canonical_text(rule: Backoff, text: str):
    assert str(rule) == text
    assert Backoff.parse(text) == rule


@pytest.mark.parametrize(
    "text",
    ["", "  ", "sometimes", "exp base", "exp base=x", "exp speed=1", "exp base=2 base=3", "EXP"],
)
def test_unknown_text_names_what_is_allowed(text: str):
    with pytest.raises(OptionError, match=r"allowed are exp, linear, fixed, none|write it like"):
        Backoff.of(text)


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "quadratic"},
        {"base": 0.5},
        {"base": 1001},
        {"factor": -1},
        {"cap": float("inf")},
        {"cap": float("nan")},
        {"jitter": 1.5},
        {"cap": 10**400},
    ],
)
def test_bad_numbers_are_refused(bad: dict[str, Any]):
    with pytest.raises(OptionError):
        Backoff(**bad)


@pytest.mark.parametrize("bad", [{"base": "2"}, {"cap": None}, {"jitter": True}])
def test_bad_types_are_refused(bad: dict[str, Any]):
    with pytest.raises(OptionTypeError):
        Backoff(**bad)


@pytest.mark.parametrize("value", [None, 5, ["exp"]])
def test_strategies_of_another_type_are_refused(value: Any):
    with pytest.raises(OptionTypeError, match="text or a Backoff"):
        Backoff.of(value)


def test_of_keeps_a_rule():
    rule = Backoff("fixed", factor=3)
    assert Backoff.of(rule) is rule
    assert Backoff.of("none") == Backoff("none")


@given(st.text() | st.none() | st.lists(st.integers()))
def test_what_is_stored_is_always_read(text: Any):
    assert isinstance(parse_stored(text), Backoff)


def test_an_unknown_stored_strategy_is_told_once(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, "steve.backoff"):
        assert parse_stored("from a newer version") == Backoff()
        assert parse_stored("from a newer version") == Backoff()
    assert len(caplog.records) == 1
