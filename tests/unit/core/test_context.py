"""The stop signal and the logger of a running job."""

from __future__ import annotations

import logging
import sys
import threading

import pytest

from steve.core.context import LONGEST_LINE, CancelSignal, current_job, job_log
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


class Kept:
    """Keeps lines in a list."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []

    def keep(self, level: int, text: str) -> None:
        self.lines.append((level, text))


@pytest.fixture
def kept(caplog: pytest.LogCaptureFixture) -> Kept:
    """What is kept of lines that logging does not show."""
    caplog.set_level(logging.CRITICAL + 1, "steve.job")
    return Kept()


def test_lines_are_kept_whether_or_not_logging_shows_them(kept: Kept):
    log = job_log(job(), kept)
    log.debug("no")
    log.info("sent %d", 3)
    log.warning("by name: %(name)s", {"name": "ada"})
    log.log(35, "odd")
    log.log(True, "no level")
    log.error({"not": "text"})
    assert kept.lines == [
        (20, "sent 3"), (30, "by name: ada"), (35, "odd"), (40, "{'not': 'text'}"),
    ]  # fmt: skip


def test_broken_lines_are_kept_too(kept: Kept):
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    log = job_log(job(), kept)
    log.info("%d", "three")
    log.info("%s", Broken())
    log.info(Broken())
    log.info("nul \0 and \ud800")
    one, two, three, four = (text for _, text in kept.lines)
    assert one == "%d ('three',)"
    assert two.startswith("%s (<Broken instance")
    assert three == "<Broken that cannot be shown> ()"
    assert four == "nul \ufffd and \ufffd"


def test_long_lines_are_cut(kept: Kept):
    job_log(job(), kept).info("é" * 10_000)
    ((_, text),) = kept.lines
    assert 4000 < len(text.encode()) <= LONGEST_LINE
    assert text.endswith("… (cut)")


def test_errors_are_kept_with_their_traceback(kept: Kept):
    log = job_log(job(), kept)
    try:
        raise ValueError("x" * 3900)
    except ValueError as error:
        log.exception("one")
        log.info("two", exc_info=error)
        log.info("three", exc_info=sys.exc_info())
        log.info("four", exc_info=False)
        log.info("four", exc_info=())  # pyright: ignore[reportArgumentType]
    log.info("five", exc_info=True)
    one, two, three, four, empty, five = (text for _, text in kept.lines)
    for text, first in ((one, "one"), (two, "two"), (three, "three")):
        assert text.startswith(f"{first}\nTraceback (most recent call last):\n")
        assert text.endswith("xxx")
        assert len(text.encode()) <= LONGEST_LINE
    assert (four, empty, five) == ("four", "four", "five")


def test_a_record_names_the_place_of_its_line(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "steve.job")
    for log in (job_log(job()), job_log(job(), Kept())):
        log.info("info")
        log.log(30, "log")
        try:
            raise ValueError
        except ValueError:
            log.exception("exception")
    assert {(record.filename, record.funcName) for record in caplog.records} == {
        ("test_context.py", "test_a_record_names_the_place_of_its_line")
    }


def test_no_job_is_current_outside_a_handler():
    assert current_job.get(None) is None
