from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest

from steve.cli.values import (
    STANDARD_INPUT,
    Instant,
    Json,
    MetaItem,
    Moment,
    Queue,
    Uid,
    read_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("90s", 90.0),
        ("200ms", 0.2),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("2d", 172_800.0),
        ("1W", 604_800.0),
        (" 3 ", 3.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert read_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "5 m", "m5", "nan", "inf", "1e999", "5x", "1h,2m"]
)
def test_no_durations(text: str) -> None:
    assert read_duration(text) is None


def test_instants_have_a_time_zone() -> None:
    expected = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
    assert Instant().convert("2026-05-01T08:30:00Z", None, None) == expected
    assert Instant().convert("2026-05-01 10:30+02:00", None, None) == expected
    with pytest.raises(click.BadParameter, match="no time zone"):
        Instant().convert("2026-05-01T08:30:00", None, None)


def test_moments_are_times_or_distances() -> None:
    assert Moment().convert("2h", None, None) == timedelta(hours=2)
    assert isinstance(Moment().convert("2026-05-01T08:30:00Z", None, None), datetime)
    with pytest.raises(click.BadParameter, match="too far"):
        Moment().convert("99999999999999w", None, None)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (MetaItem(), "a=1", ("a", "1")),
        (MetaItem(), "a:=1", ("a", 1)),
        (MetaItem(), "a=b=c", ("a", "b=c")),
        (MetaItem(), 'a:={"b": [null]}', ("a", {"b": [None]})),
        (Queue(), "mail", ("mail", None)),
        (Queue(), "mail=4", ("mail", 4)),
        (Json(), '{"a": [1, 2.5, "ü"]}', {"a": [1, 2.5, "ü"]}),
        (Json(), "-", STANDARD_INPUT),
        (Json(), '"-"', "-"),
    ],
)
def test_values(kind: click.ParamType[Any], text: str, value: Any) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (MetaItem(), "a"),
        (MetaItem(), "=1"),
        (MetaItem(), ":=1"),
        (MetaItem(), "a:=x"),
        (Queue(), ""),
        (Queue(), "=3"),
        (Queue(), "mail=0"),
        (Queue(), "mail=x"),
        (Json(), "{"),
        (Json(), "NaN"),
        (Json(), "[" * 100_000),
        (Uid(), "123"),
        (Uid(), ""),
    ],
)
def test_wrong_values_are_refused(kind: click.ParamType[Any], text: str) -> None:
    with pytest.raises(click.BadParameter):
        kind.convert(text, None, None)
