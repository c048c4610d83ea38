"""Which callbacks an event reaches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from steve.core.errors import OptionError, OptionTypeError
from steve.core.job import Job
from steve.events.callbacks import Callbacks, Kind
from support.jobs import job


class Recorder:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def note(self, word: str) -> Any:
        return lambda job: self.seen.append(f"{word} {job.type} {job.status}")


KINDS: tuple[Kind, ...] = ("attempt", "success", "failure", "done")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def callbacks(recorder: Recorder) -> Callbacks:
    """Callbacks with one of each kind for all types."""
    callbacks = Callbacks()
    for kind in KINDS:
        callbacks.on(kind, "*", recorder.note(kind))
    return callbacks


def test_a_start_is_an_attempt_only(callbacks: Callbacks, recorder: Recorder) -> None:
    callbacks.attempt_started(job(status="running"))
    assert recorder.seen == ["attempt t running"]


def test_a_planned_retry_is_an_attempt_only(callbacks: Callbacks, recorder: Recorder) -> None:
    callbacks.attempt_ended(job(status="pending"))
    assert recorder.seen == ["attempt t pending"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("completed", "success"),
        ("failed", "failure"),
        ("cancelled", "failure"),
        ("expired", "failure"),
    ],
)
def test_an_end_is_told_to_three(
    callbacks: Callbacks, recorder: Recorder, status: str, kind: str
) -> None:
    callbacks.attempt_ended(job(status=status))
    assert recorder.seen == [f"attempt t {status}", f"{kind} t {status}", f"done t {status}"]


def test_an_end_without_an_attempt_is_told_to_two(callbacks: Callbacks, recorder: Recorder) -> None:
    callbacks.job_ended(job(status="cancelled"))
    callbacks.job_ended(job(status="running"))
    assert recorder.seen == ["failure t cancelled", "done t cancelled"]


@pytest.mark.parametrize("types", ["a", ["a", "b"], ("b", "a"), {"a"}, "*", ["b", "*"]])
def test_one_type_or_several_or_all(recorder: Recorder, types: str | Iterable[str]) -> None:
    callbacks = Callbacks()
    callbacks.on("done", types, recorder.note("done"))
    callbacks.attempt_ended(job(type="a", status="completed"))
    assert recorder.seen == ["done a completed"]


def test_other_types_are_not_told(recorder: Recorder) -> None:
    callbacks = Callbacks()
    callbacks.on("done", ["a", "b"], recorder.note("done"))
    callbacks.attempt_ended(job(type="c", status="completed"))
    assert recorder.seen == []


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a"), ("*", "a"), ("a", "*"), (["a", "*"], "a")]
)
def test_the_same_callback_is_not_called_twice(first: Any, second: Any) -> None:
    callbacks, seen = Callbacks(), list[Job]()
    callbacks.on("done", first, seen.append)
    callbacks.on("done", second, seen.append)
    callbacks.attempt_ended(job(type="a", status="completed"))
    assert len(seen) == 1


def test_it_is_called_twice_if_that_is_asked_for() -> None:
    callbacks, seen = Callbacks(), list[Job]()
    callbacks.on("done", "a", seen.append)
    callbacks.on("done", "a", seen.append, skip_if_exists=False)
    callbacks.attempt_ended(job(type="a", status="completed"))
    assert len(seen) == 2


def test_unsubscribing_ends_all_types_and_can_be_repeated(recorder: Recorder) -> None:
    callbacks = Callbacks()
    end = callbacks.on("done", ["a", "b"], recorder.note("done"))
    other = callbacks.on("done", "a", recorder.note("other"))
    end()
    end()
    for type in ("a", "b"):
        callbacks.attempt_ended(job(type=type, status="completed"))
    assert recorder.seen == ["other a completed"]
    other()
    assert not callbacks.active


def test_a_repetition_that_was_ignored_ends_nothing() -> None:
    callbacks, seen = Callbacks(), list[Job]()
    callbacks.on("done", "a", seen.append)
    callbacks.on("done", "a", seen.append)()
    callbacks.attempt_ended(job(type="a", status="completed"))
    assert len(seen) == 1


def test_one_that_has_ended_may_come_back() -> None:
    callbacks, seen = Callbacks(), list[Job]()
    callbacks.on("done", "a", seen.append)()
    callbacks.on("done", "a", seen.append)
    callbacks.attempt_ended(job(type="a", status="completed"))
    assert len(seen) == 1


def test_managers_do_not_share_callbacks() -> None:
    seen: list[Job] = []
    first, second = Callbacks(), Callbacks()
    first.on("done", "a", seen.append)
    second.on("done", "a", seen.append)
    first.attempt_ended(job(type="a", status="completed"))
    assert len(seen) == 1


def test_active_says_whether_anybody_listens(callbacks: Callbacks, recorder: Recorder) -> None:
    assert not Callbacks().active
    assert callbacks.active
    callbacks.clear()
    assert not callbacks.active
    callbacks.attempt_ended(job(status="completed"))
    assert recorder.seen == []


def test_they_are_called_in_the_order_in_which_they_came(recorder: Recorder) -> None:
    callbacks = Callbacks()
    callbacks.on("done", "*", recorder.note("1"))
    callbacks.on("done", "a", recorder.note("2"))
    callbacks.on("done", "*", recorder.note("3"))
    callbacks.attempt_ended(job(type="a", status="completed"))
    assert [word[0] for word in recorder.seen] == ["1", "2", "3"]


def test_a_callback_may_unsubscribe_itself() -> None:
    callbacks, seen = Callbacks(), list[Job]()

    def once(job: Job) -> None:
        seen.append(job)
        end()

    end = callbacks.on("attempt", "*", once)
    callbacks.attempt_started(job())
    callbacks.attempt_started(job())
    assert len(seen) == 1


def test_many_types_do_not_fill_the_memory(callbacks: Callbacks) -> None:
    for number in range(1500):
        callbacks.attempt_started(job(type=f"t{number}"))
    assert len(vars(callbacks)["_found"]) <= 1000


@pytest.mark.parametrize("types", [[], "", "x" * 256, ["a", ""]])
def test_bad_types_are_refused(types: Any) -> None:
    with pytest.raises(OptionError):
        Callbacks().on("done", types, print)


@pytest.mark.parametrize("types", [None, 3, [3]])
def test_types_of_another_kind_are_refused(types: Any) -> None:
    with pytest.raises(OptionTypeError):
        Callbacks().on("done", types, print)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(OptionError, match="attempt, success, failure, done"):
        Callbacks().on("often", "*", print)  # pyright: ignore[reportArgumentType]
