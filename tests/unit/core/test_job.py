"""The job that people hold."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import weakref
from collections.abc import Awaitable
from typing import Any, get_args

import msgspec
import pytest

from steve.core.context import CancelSignal, TransactionBlock, job_log
from steve.core.errors import NotInHandler, OptionError, OptionTypeError
from steve.core.job import (
    STATUSES,
    TERMINAL,
    Attempt,
    Found,
    Job,
    JobStatus,
    NewJob,
    Progress,
    check_statuses,
)
from support.jobs import MOMENT, job

DOCUMENTED_FIELDS = """
    id uid attempt_id type payload result status attempts refunded crashes max_attempts max_crashes
    created_at updated_at started_at completed_at run_at scheduled_at expires_at backoff_strategy
    queue priority timeout unique_key limit_key fair_key created tags meta progress worker error
"""


class Lent:
    """What a worker lends, as far as a job can tell."""

    def __init__(self, of: Job) -> None:
        self.signal = CancelSignal()
        self.log: logging.LoggerAdapter[logging.Logger] = job_log(of)
        self.reported: list[tuple[float, str | None]] = []
        self.block: Any = object()

    def progress(self, fraction: float, message: str | None) -> Awaitable[None]:
        self.reported.append((fraction, message))
        return asyncio.sleep(0)

    def transaction(self) -> TransactionBlock:
        return self.block


@pytest.fixture
def lent() -> tuple[Job, Lent]:
    running = job(status="running", attempts=1)
    context = Lent(running)
    running.bind(context)
    return running, context


def test_fields_are_in_their_documented_order():
    assert list(Job.__struct_fields__) == DOCUMENTED_FIELDS.split()


def test_defaults_are_not_shared():
    one, two = job(), job()
    assert one.created
    one.tags.append("x")
    one.meta["x"] = 1
    one.progress.fraction = 1.0
    assert (two.tags, two.meta, float(two.progress)) == ([], {}, 0.0)


def test_is_itself_only_and_can_be_watched():
    one = job(id=5)
    assert one != job(id=5)
    assert len({one, one}) == 1
    assert weakref.ref(one)() is one


def test_shows_itself_shortly():
    shown = repr(job(type="send_email"))
    assert shown.startswith("<Job send_email ")
    assert shown.endswith(" pending attempts=0/3>")


async def test_reports_progress(lent: tuple[Job, Lent]):
    running, context = lent
    await running.progress(0.4, "half way")
    assert context.reported == [(0.4, "half way")]
    assert float(running.progress) == 0.4
    assert running.progress.message == "half way"


async def test_progress_is_brought_into_range(lent: tuple[Job, Lent]):
    running, context = lent
    for fraction in (1.0000001, -3, 1):
        await running.progress(fraction)
    await running.progress(0.5, "a\0b" + "x" * 5000)
    assert [fraction for fraction, _ in context.reported] == [1.0, 0.0, 1.0, 0.5]
    message = context.reported[-1][1]
    assert message is not None
    assert message.startswith("a\ufffdb")
    assert len(message.encode()) <= 1000


def test_progress_must_be_a_number(lent: tuple[Job, Lent]):
    running, context = lent
    with pytest.raises(OptionTypeError, match="from 0 to 1"):
        running.progress("half")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="not nan"):
        running.progress(float("nan"))
    assert context.reported == []


def test_lends_signal_log_and_transaction(lent: tuple[Job, Lent]):
    running, context = lent
    assert running.signal is context.signal
    assert running.log is context.log
    assert running.transaction() is context.block
    assert not running.cancelled
    context.signal.set("timeout")
    assert running.cancelled


@pytest.mark.parametrize("use", ["signal", "transaction", "progress"])
def test_nothing_is_lent_outside_the_handler(use: str, lent: tuple[Job, Lent]):
    running, _ = lent
    running.bind(None)
    uses = {
        "signal": lambda: running.signal,
        "transaction": running.transaction,
        "progress": lambda: running.progress(0.5),
    }
    with pytest.raises(NotInHandler, match=use):
        uses[use]()


def test_cancelled_elsewhere_is_the_status():
    assert job(status="cancelled").cancelled
    assert not job().cancelled


def test_logs_elsewhere_too(caplog: pytest.LogCaptureFixture):
    found = job()
    assert found.log is found.log
    with caplog.at_level(logging.INFO, "steve.job"):
        found.log.info("looked at")
    assert caplog.records[0].job_uid == str(found.uid)  # type: ignore[attr-defined]


def test_copies_do_not_take_the_context_along(lent: tuple[Job, Lent]):
    running, _ = lent
    running.progress.fraction = 0.25
    for other in (
        pickle.loads(pickle.dumps(running)),  # noqa: S301
        copy.copy(running),
        msgspec.structs.replace(running, status="completed"),
    ):
        assert other.uid == running.uid
        assert float(other.progress) == 0.25
        with pytest.raises(NotInHandler):
            other.transaction()


def test_is_written_as_json_without_the_context(lent: tuple[Job, Lent]):
    running, _ = lent
    assert list(msgspec.json.decode(msgspec.json.encode(running))) == DOCUMENTED_FIELDS.split()


def test_other_values():
    attempt = Attempt(1, 2, 3, MOMENT, None, "running", None, None, None)
    assert attempt.attempt_number == 3
    found, attempts = Found(None, [attempt])
    assert found is None
    assert attempts == [attempt]
    assert NewJob("t") == NewJob("t", None, {})
    assert float(Progress(0.5)) == 0.5


def test_statuses():
    assert get_args(JobStatus) == STATUSES
    assert set(STATUSES) > TERMINAL
    assert {"pending", "running", "blocked"} == set(STATUSES) - TERMINAL


@pytest.mark.parametrize(
    ("given", "checked"),
    [
        (None, None),
        ("", None),
        ([], None),
        ([None, ""], None),
        ("failed", ["failed"]),
        (["failed", None, "", "pending", "failed"], ["failed", "pending"]),
        ({"blocked"}, ["blocked"]),
        (iter(["expired"]), ["expired"]),
    ],
)
def test_statuses_to_look_for(given: Any, checked: list[str] | None):
    assert check_statuses(given) == checked


def test_unknown_statuses_name_the_known():
    with pytest.raises(OptionError, match=r"'done'.*pending, running, completed"):
        check_statuses(["pending", "done"])
    with pytest.raises(OptionError, match="unknown status 5"):
        check_statuses([5])  # type: ignore[list-item]
    with pytest.raises(OptionTypeError):
        check_statuses(5)  # type: ignore[arg-type]
    with pytest.raises(OptionTypeError):
        check_statuses([["pending"]])  # type: ignore[list-item]
