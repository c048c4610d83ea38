"""The stop signal and the logger of a running job."""

from __future__ import annotations

import logging
import threading

import pytest

from steve.core.context import CancelSignal, current_job, job_log
from support.jobs import job


def test_starts_unset():
    signal = CancelSignal()
    assert not signal.is_set()
    assert signal.reason is None
    assert not signal.wait(0)
    assert repr(signal) == "<CancelSignal not set>"


def test_the_first_reason_stays():
    signal = CancelSignal()
    assert signal.set("timeout")
    assert not signal.set("shutdown")
    assert signal.is_set()
    assert signal.reason == "timeout"
    assert signal.wait(0)
    assert repr(signal) == "<CancelSignal timeout>"


def test_wakes_every_thread_that_waits():
    signal = CancelSignal()
    woken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: woken.append(signal.wait(30)), daemon=True)
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    signal.set("cancelled")
    for thread in threads:
        thread.join(30)
    assert woken == [True] * 3


def test_one_of_many_threads_is_the_first():
    for _ in range(50):
        signal = CancelSignal()
        start = threading.Barrier(4)
        won: list[bool] = []

        def ask(
            signal: CancelSignal = signal,
            start: threading.Barrier = start,
            won: list[bool] = won,
        ) -> None:
            start.wait()
            won.append(signal.set("lost"))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False, False, False, True]


def test_log_records_carry_the_job(caplog: pytest.LogCaptureFixture):
    wanted = job(attempts=2)
    with caplog.at_level(logging.INFO, "steve.job"):
        job_log(wanted).info("sent %d", 3)
    (record,) = caplog.records
    assert record.name == "steve.job"
    assert record.getMessage() == "sent 3"
    assert (record.job_uid, record.job_type, record.attempt) == (str(wanted.uid), "t", 2)  # type: ignore[attr-defined]


def test_a_lines_own_extra_is_added(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "steve.job"):
        job_log(job()).info("sent", extra={"to": "x", "job_type": "another"})
    (record,) = caplog.records
    assert (record.to, record.job_type) == ("x", "t")  # type: ignore[attr-defined]


def test_no_job_is_current_outside_a_handler():
    assert current_job.get(None) is None
