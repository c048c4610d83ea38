"""What an exception that left the handler means for the job."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steve.core.backoff import Backoff
from steve.core.control import Cancel, ControlSignal, Fail, Retry, Snooze
from steve.core.failure import ExecutionTimeout
from steve.core.outcome import (
    Cancelled,
    Failed,
    Outcome,
    Retried,
    Snoozed,
    decide_error,
)
from support.jobs import job


def outcome(error: BaseException, **changes: Any) -> Outcome:
    try:
        raise error
    except BaseException as raised:
        return decide_error(raised, job(status="running", **{"attempts": 1, **changes}))


def retried(error: BaseException, **changes: Any) -> Retried:
    decided = outcome(error, **changes)
    assert isinstance(decided, Retried)
    return decided


def test_an_error_is_retried_after_the_backoff():
    decided = retried(ValueError("no such address"), attempts=3)
    assert decided.delay == 8
    assert (decided.failure.type, decided.failure.message) == ("ValueError", "no such address")
    assert decided.failure.traceback is not None
    assert "test_outcome.py" in decided.failure.traceback


@pytest.mark.parametrize(
    ("strategy", "delay"),
    [
        ("exp", 8),
        ("none", 0),
        (Backoff("linear", factor=5), 15),
        ("fixed factor=7", 7),
        ("from the future", 8),
    ],
)
def test_the_jobs_own_strategy_counts(strategy: str | Backoff, delay: float):
    assert retried(ValueError(), attempts=3, backoff_strategy=strategy).delay == delay


def test_refunded_attempts_do_not_lengthen_the_backoff():
    assert retried(ValueError(), attempts=10, refunded=8).delay == 4
    assert retried(ValueError(), attempts=3, refunded=3).delay == 2


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), asyncio.CancelledError()]
)
def test_base_exceptions_fail_the_attempt_too(error: BaseException):
    assert retried(error).failure.type == type(error).__name__


def test_a_timeout_is_retried_with_its_words():
    failure = retried(ExecutionTimeout()).failure
    assert (failure.type, failure.message) == ("TimeoutError", "Execution timed out")


def test_retry_takes_its_own_delay_else_the_backoff():
    assert retried(Retry(delay=5), attempts=3).delay == 5
    assert retried(Retry(delay=0), attempts=3).delay == 0
    assert retried(Retry(), attempts=3).delay == 8
    failure = retried(Retry(delay=5)).failure
    assert (failure.type, failure.message) == ("Retry", "the handler asked for a retry in 5 s")


def test_retry_from_an_error_records_that_error():
    def handler() -> None:
        try:
            raise ConnectionError("the mail server is away")
        except ConnectionError as error:
            raise Retry(delay=3) from error

    with pytest.raises(Retry) as caught:
        handler()
    decided = decide_error(caught.value, job(attempts=1))
    assert isinstance(decided, Retried)
    assert decided.delay == 3
    failure = decided.failure
    assert (failure.type, failure.message) == ("ConnectionError", "the mail server is away")
    assert failure.traceback is not None
    assert failure.traceback.endswith("ConnectionError: the mail server is away")


def test_signals_raised_from_signals_are_looked_through():
    outer, inner, root = Retry(1), Retry(2), ValueError("root")
    outer.__cause__, inner.__cause__ = inner, root
    assert retried(outer).failure.type == "ValueError"
    inner.__cause__ = outer
    assert retried(outer).failure.type == "Retry"


def test_snooze_puts_off():
    assert outcome(Snooze(90)) == Snoozed(90.0)


def test_cancel_ends_with_its_reason():
    assert outcome(Cancel("no longer wanted\0")) == Cancelled("no longer wanted\ufffd")
    assert outcome(Cancel()) == Cancelled(None)


def test_fail_ends_without_further_attempts():
    decided = outcome(Fail("no such user"), attempts=1, max_attempts=5)
    assert isinstance(decided, Failed)
    assert (decided.failure.type, decided.failure.message) == ("Fail", "no such user")
    assert decided.failure.traceback is not None


def test_fail_without_a_reason_takes_the_cause():
    error = Fail()
    assert isinstance(decided := outcome(error), Failed)
    assert decided.failure.message == "the handler gave the job up"
    error.__cause__ = KeyError("user")
    assert isinstance(decided := outcome(error), Failed)
    assert decided.failure.type == "KeyError"


def test_an_unknown_signal_is_an_error():
    class Strange(ControlSignal):
        pass

    assert retried(Strange("?")).failure.type == "Strange"


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.text())
def test_total_for_any_counts_and_strategy(attempts: int, refunded: int, strategy: str):
    decided = retried(ValueError(), attempts=attempts, refunded=refunded, backoff_strategy=strategy)
    assert 0 <= decided.delay <= 315_576_000
