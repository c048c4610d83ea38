"""Exceptions as values: whatever was raised, something that can be stored comes out."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steve.core.failure import ExecutionTimeout, Failure, JobError
from steve.core.text import LIMIT

ANY_TEXT = st.text(st.characters(exclude_categories=()))
MARK = "… (cut)"


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__


class FatalText(Exception):
    def __str__(self) -> str:
        raise KeyboardInterrupt


class NotText(Exception):
    def __str__(self) -> str:
        return 5  # type: ignore[return-value]


class Hidden(type):
    def __getattribute__(cls, name: str) -> Any:
        if name in {"__name__", "__qualname__", "__module__"}:
            raise RuntimeError(name)
        return super().__getattribute__(name)


def shy() -> BaseException:
    class Shy(Exception, metaclass=Hidden):
        pass

    return Shy()


class Knotted(Exception):
    @property
    def __cause__(self) -> BaseException:  # type: ignore[override]
        raise RuntimeError

    __context__ = __cause__  # type: ignore[assignment]


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        if cause is None:
            raise error
        raise error from cause
    except BaseException as caught:
        return caught


def recursion(depth: int = 0) -> BaseException:
    try:
        return recursion(depth + 1)
    except RecursionError as error:
        return error


def cycle() -> BaseException:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


def chain(length: int) -> BaseException:
    error: BaseException = ValueError("the root")
    for n in range(length):
        error = raised(RuntimeError(f"link {n}"), error)
    return error


def nested_groups(depth: int) -> BaseException:
    errors: list[Exception] = [ValueError("innermost")]
    for _ in range(depth):
        errors = [ExceptionGroup("group", errors)]
    return errors[0]


def assert_storable(failure: Failure) -> None:
    for text in (failure.type, failure.message, failure.traceback, failure.fingerprint):
        if text is not None:
            assert "\0" not in text
            assert len(text.encode()) <= LIMIT
    json.dumps([failure.type, failure.message])


@given(ANY_TEXT)
def test_any_text_can_be_stored(text: str):
    failure = Failure.of(raised(ValueError(text)))
    assert_storable(failure)
    assert failure.type == "ValueError"
    assert len(failure.message) == len(text)


@pytest.mark.parametrize(
    "make",
    [
        Unprintable,
        FatalText,
        NotText,
        shy,
        Knotted,
        KeyboardInterrupt,
        GeneratorExit,
        asyncio.CancelledError,
        lambda: SystemExit(3),
        lambda: ValueError(Unprintable()),
        lambda: KeyError("\ud800\0"),
        lambda: OSError(2, "No such file", "x"),
        lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        lambda: SyntaxError("bad", ("f.py", 1, 1, "x" * 100_000)),
        lambda: BaseExceptionGroup("both", [KeyboardInterrupt(), Unprintable()]),
        recursion,
        cycle,
        lambda: chain(3000),
        lambda: nested_groups(3000),
    ],
)
def test_total_for_the_strangest_exceptions(make: Callable[[], BaseException]):
    assert_storable(Failure.of(make()))
    assert_storable(Failure.of(raised(make())))


def test_a_broken_message_is_replaced():
    assert Failure.of(Unprintable()).message == "<Unprintable that cannot be shown>"


def test_system_exit_and_groups_keep_their_words():
    assert Failure.of(SystemExit(3)).message == "3"
    failure = Failure.of(ExceptionGroup("two went wrong", [ValueError("a"), KeyError("b")]))
    assert failure.type == "ExceptionGroup"
    assert failure.message == "two went wrong (2 sub-exceptions)"
    assert failure.traceback is not None
    assert "ValueError: a" in failure.traceback


def test_a_huge_message_costs_little():
    error = raised(ValueError("x" * 50_000_000))
    start = time.process_time()
    failure = Failure.of(error)
    assert time.process_time() - start < 2
    assert failure.message.endswith(MARK)
    assert_storable(failure)


def test_a_long_traceback_keeps_its_head_and_its_end():
    failure = Failure.of(chain(3000))
    assert failure.traceback is not None
    assert failure.traceback.endswith("RuntimeError: link 2999")
    assert "ValueError: the root" in failure.traceback[:1000]
    assert MARK in failure.traceback


def test_the_traceback_shows_notes_and_causes():
    error = RuntimeError("outer")
    error.add_note("while sending the mail")
    failure = Failure.of(raised(error, ValueError("inner")))
    assert failure.traceback is not None
    assert "while sending the mail" in failure.traceback
    assert "ValueError: inner" in failure.traceback


def test_a_timeout_has_its_words():
    failure = Failure.of(ExecutionTimeout())
    assert (failure.type, failure.message) == ("TimeoutError", "Execution timed out")
    assert Failure.of(TimeoutError("mine")).message == "mine"


def here(text: str) -> BaseException:
    return raised(ValueError(text))


def parse(text: str) -> Any:
    return json.loads(text)


def caught(call: Callable[[str], Any], text: str) -> BaseException:
    try:
        return call(text)
    except Exception as error:
        return error


def test_a_fingerprint_groups_by_type_and_place():
    one, two = Failure.of(here("user 1")), Failure.of(here("user 2"))
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint is not None
    assert len(one.fingerprint) == 12
    int(one.fingerprint, 16)
    assert Failure.of(ValueError("user 1")).fingerprint != one.fingerprint
    assert Failure.of(raised(KeyError("user 1"))).fingerprint != one.fingerprint


def test_a_fingerprint_names_the_users_frame_not_the_librarys():
    def other(text: str) -> Any:
        return json.loads(text)

    # Raised inside the standard library: only the caller's own function tells them apart.
    assert caught(parse, "{").__class__ is json.JSONDecodeError
    assert Failure.of(caught(parse, "{")).fingerprint == Failure.of(caught(parse, "[")).fingerprint
    assert Failure.of(caught(parse, "{")).fingerprint != Failure.of(caught(other, "{")).fingerprint


def test_a_job_error_reads_like_an_exception():
    assert str(JobError("ValueError", "bad")) == "ValueError: bad"
    assert str(JobError("ValueError", "")) == "ValueError"


def _divide() -> float:
    return 1 / int("0") + 2


def _deeper(levels: int) -> float:
    return _deeper(levels - 1) if levels else _divide()


def _with_note() -> None:
    error = KeyError("a")
    error.add_note("a note\nof two lines")
    raise error


def _with_cause() -> None:
    try:
        _divide()
    except ZeroDivisionError as error:
        raise ValueError("outer") from error


def _within() -> None:
    try:
        _divide()
    except ZeroDivisionError:
        raise ValueError("outer") from None


@pytest.mark.parametrize(
    "raises",
    [
        _divide, lambda: _deeper(2), lambda: _deeper(40), lambda: [_divide() for _ in "a"],
        lambda: compile("1 +", "f.py", "exec"), _with_note, _with_cause, _within,
    ],
)  # fmt: skip
def test_the_traceback_is_pythons_own(raises: Callable[[], object]):
    for _ in range(3):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
            raises()
        own = "".join(traceback.format_exception(caught.value)).rstrip("\n")
        assert Failure.of(caught.value).traceback == own
