"""The log: a line for what happens, and not more of the same than a reader needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.telemetry import log
from steve.telemetry.catalogue import (
    DatabaseAwaited,
    JobsParked,
    LeaseRenewalFailed,
    StatementFailed,
    WorkerStopped,
)
from steve.telemetry.restraint import BURST, EVERY
from steve.telemetry.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

CLAIMING = StatementFailed("claiming jobs", psycopg.OperationalError("gone\n\tfor good"), 0.1)
WRITING = StatementFailed("writing outcomes", psycopg.OperationalError("gone"), 0.1)


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("steve.telemetry.restraint.monotonic", clock)
    return clock


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    telemetry = Telemetry()
    end = log.subscribe(telemetry)
    yield telemetry
    end()


def test_the_same_trouble_is_not_told_each_time(
    telemetry: Telemetry, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        telemetry.emit(CLAIMING)
    assert len(caplog.messages) == BURST
    clock.now += EVERY
    telemetry.emit(CLAIMING)
    telemetry.emit(CLAIMING)
    assert caplog.messages[BURST:] == [
        f"{1000 - BURST} lines like the next were left out",
        "claiming jobs failed, trying again in 0.1 s: OperationalError: gone",
    ]


def test_what_was_left_out_is_told_at_the_end(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry = Telemetry()
    end = log.subscribe(telemetry)
    for _ in range(BURST + 5):
        telemetry.emit(CLAIMING)
    end()
    assert caplog.messages[BURST:] == ["5 more lines like the last of their kind were left out"]


def test_after_a_calm_all_is_told_again(
    telemetry: Telemetry, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(BURST):
        telemetry.emit(CLAIMING)
    clock.now += 100 * EVERY
    caplog.clear()
    for _ in range(BURST):
        telemetry.emit(CLAIMING)
    assert len(caplog.messages) == BURST


def test_one_trouble_does_not_hide_another(
    telemetry: Telemetry, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        telemetry.emit(CLAIMING)
    caplog.clear()
    telemetry.emit(WRITING)
    telemetry.emit(LeaseRenewalFailed(1, RuntimeError("gone"), 1.0))
    telemetry.emit(LeaseRenewalFailed(2, RuntimeError("gone"), 1.0))
    assert len(caplog.messages) == 3


def test_each_reason_to_wait_is_told(
    telemetry: Telemetry, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for reason in range(2 * BURST):
        telemetry.emit(DatabaseAwaited("somewhere", f"reason {reason}"))
    assert len(caplog.messages) == 2 * BURST


def test_what_happens_once_is_always_told(
    telemetry: Telemetry, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for number in range(20):
        telemetry.emit(WorkerStopped(number))
        telemetry.emit(JobsParked(f"type {number}", "default", 1))
    assert len(caplog.messages) == 40


def test_an_event_is_one_line(telemetry: Telemetry, caplog: pytest.LogCaptureFixture) -> None:
    telemetry.emit(CLAIMING)
    assert not any("\n" in message for message in caplog.messages)
