"""The exceptions that steer a job."""

from __future__ import annotations

import math
import pickle
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steve.core.control import (
    TEN_YEARS,
    Cancel,
    ControlSignal,
    Fail,
    Retry,
    Snooze,
    bounded_delay,
)
from steve.core.errors import OptionTypeError


@given(st.floats() | st.integers() | st.timedeltas())
def test_any_delay_ends_up_within_ten_years(value: float | timedelta):
    assert 0 <= bounded_delay(value) <= TEN_YEARS


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (5, 5.0),
        (2.5, 2.5),
        (timedelta(minutes=2), 120.0),
        (-1, 0.0),
        (math.nan, 0.0),
        (math.inf, TEN_YEARS),
        (-math.inf, 0.0),
        (10**400, TEN_YEARS),
        (timedelta.max, TEN_YEARS),
    ],
)
def test_a_bad_sum_is_bounded_instead_of_losing_the_job(given: Any, seconds: float):
    assert Snooze(given).delay == seconds
    assert Retry(given).delay == seconds


@pytest.mark.parametrize("value", ["5", True, None, object()])
def test_another_type_is_a_mistake(value: Any):
    with pytest.raises(OptionTypeError, match="seconds or a timedelta"):
        bounded_delay(value)


def test_retry_without_delay_leaves_it_to_the_backoff():
    assert Retry().delay is None
    assert str(Retry()) == "the handler asked for a retry"
    assert str(Retry(5)) == "the handler asked for a retry in 5 s"
    assert str(Snooze(delay=90)) == "the handler put the job off for 90 s"


@pytest.mark.parametrize("kind", [Cancel, Fail])
def test_a_reason_is_text_or_none(kind: type[Cancel | Fail]):
    assert kind().reason is None
    assert str(kind()).startswith("the handler")
    assert str(kind("no such user")) == "no such user"
    assert kind(ValueError("x")).reason == "x"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "signal", [Retry(), Retry(5), Retry(delay=timedelta(1)), Snooze(3), Cancel("x"), Fail()]
)
def test_crosses_processes(signal: ControlSignal):
    copy = pickle.loads(pickle.dumps(signal))  # noqa: S301
    assert type(copy) is type(signal)
    assert vars(copy) == vars(signal)
    assert str(copy) == str(signal)
