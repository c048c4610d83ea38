"""Single values that callers pass in."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import pytest

from steve.core.checks import flag, instant, label, labels, one_of, seconds, whole
from steve.core.errors import OptionError, OptionTypeError


class Name(enum.StrEnum):
    MAIL = "mail"


class Nowhere(tzinfo):
    """A zone that does not know its offset, so that a datetime in it is naive all the same."""

    def utcoffset(self, dt: datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5, 5.0), (0, 0.0), (2.5, 2.5), (timedelta(minutes=1), 60.0), (10, 10.0)],
)
def test_seconds(value: float | timedelta, expected: float):
    checked = seconds(value, "wait", 0, 60)
    assert checked == expected
    assert type(checked) is float


@pytest.mark.parametrize(
    "value", [-1, 60.1, math.nan, math.inf, 10**400, timedelta.max, timedelta(seconds=-1)]
)
def test_seconds_out_of_range_name_the_range(value: Any):
    with pytest.raises(OptionError, match="wait must be 0 to 60 seconds, not "):
        seconds(value, "wait", 0, 60)


def test_seconds_above_a_minimum():
    assert seconds(0.001, "wait", 0, 60, above=True) == 0.001
    with pytest.raises(OptionError, match="wait must be above 0 to 60 seconds, not 0"):
        seconds(0, "wait", 0, 60, above=True)


@pytest.mark.parametrize("value", ["5", None, True, [], datetime.now(UTC)])
def test_seconds_of_another_type(value: Any):
    with pytest.raises(OptionTypeError, match="wait must be seconds or a timedelta"):
        seconds(value, "wait", 0, 60)


def test_instant():
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    assert instant(moment, "run_at") is moment


@pytest.mark.parametrize("value", [datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=Nowhere())])
def test_a_naive_instant_is_never_guessed(value: datetime):
    with pytest.raises(ValueError, match="naive"):
        instant(value, "run_at")


@pytest.mark.parametrize("value", ["2026-01-02T00:00:00Z", 1767312000, None, date(2026, 1, 2)])
def test_an_instant_is_a_datetime(value: Any):
    with pytest.raises(OptionTypeError, match="run_at must be an aware datetime"):
        instant(value, "run_at")


def test_whole():
    assert whole(5, "n", 1, 5) == 5
    for value in (0, 6, 10**5000):
        with pytest.raises(OptionError, match="n must be 1 to 5, not"):
            whole(value, "n", 1, 5)
    for bad in (True, 2.0, "3", None):
        with pytest.raises(OptionTypeError, match="n must be an integer"):
            whole(bad, "n", 1, 5)


def test_label():
    assert label("x" * 255, "type") == "x" * 255
    assert label("é日 😀", "type") == "é日 😀"
    assert type(label(Name.MAIL, "type")) is str


@pytest.mark.parametrize("value", ["", "x" * 256, "x" * 10_000_000, "a\0b", "a\ud800"])
def test_labels_that_postgresql_cannot_hold(value: str):
    with pytest.raises(OptionError, match=r"^type must ") as caught:
        label(value, "type")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [None, 5, b"x", ["x"]])
def test_a_label_is_text(value: Any):
    with pytest.raises(OptionTypeError, match="type must be text"):
        label(value, "type")


def test_labels():
    assert labels(("b", "a", "b"), "tags", 2) == ["b", "a"]
    assert labels([], "tags", 2) == []
    with pytest.raises(OptionError, match="tags must be at most 2, not 3"):
        labels(["a", "b", "c"], "tags", 2)
    with pytest.raises(OptionTypeError, match=r"tags\[1\] must be text, not 5"):
        labels(["a", 5], "tags", 2)


@pytest.mark.parametrize("value", ["one", b"one", 5, None])
def test_several_labels_are_a_list(value: Any):
    with pytest.raises(OptionTypeError, match="tags must be a list of texts"):
        labels(value, "tags", 2)


@pytest.mark.parametrize(
    ("check", "value", "kind"),
    [
        (lambda value: flag(value, "on"), 1, OptionTypeError),
        (lambda value: flag(value, "on"), "yes", OptionTypeError),
        (lambda value: one_of(value, "mode", ("a", "b")), None, OptionTypeError),
        (lambda value: one_of(value, "mode", ("a", "b")), "c", OptionError),
    ],
)
def test_choices(check: Callable[[Any], Any], value: Any, kind: type[Exception]):
    with pytest.raises(kind, match=r"on must be True or False|mode must be (text|one of 'a', 'b')"):
        check(value)
    assert flag(True, "on")
    assert one_of("a", "mode", ("a", "b")) == "a"
