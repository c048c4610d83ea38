"""What people write on a command line, as values: durations, instants, uids, JSON, queues."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

import click

if TYPE_CHECKING:
    Kind = click.ParamType
else:

    class Kind(click.ParamType):
        """What is read; the type in brackets is for type checkers. Older clicks have none."""

        def __class_getitem__(cls, _type: object) -> type:
            return cls


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.IGNORECASE)
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.IGNORECASE)


STANDARD_INPUT = object()
"""Stands for a document that is yet to be read."""


class QueueChoice(NamedTuple):
    """A queue to serve, with its own concurrency or None."""

    name: str
    concurrency: int | None


class Duration(Kind[float]):
    """Seconds as `90`, `1.5`, `90s`, `5m`, `1h30m`, `2d`, `1w`, `200ms`."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        seconds = read_duration(str(value))
        if seconds is None:
            self.fail(f"{value!r} is no duration: write 90, 90s, 5m, 1h30m or 2d", param, ctx)
        return seconds


class Instant(Kind[datetime]):
    """A moment in ISO 8601 with its time zone."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        return self._read(str(value), param, ctx)

    def _read(
        self, text: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            self.fail(f"{text!r} is no time: write 2026-05-01T08:30:00Z or …+02:00", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{text!r} has no time zone: add Z for UTC, or +02:00", param, ctx)
        return moment.astimezone(UTC)


class Moment(Kind["datetime | timedelta"]):
    """A moment, or how far it is from now."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        if isinstance(value, datetime | timedelta):
            return value
        seconds = read_duration(str(value))
        if seconds is None:
            return Instant().convert(value, param, ctx)
        try:
            return timedelta(seconds=seconds)
        except OverflowError:
            self.fail(f"{value!r} is too far away", param, ctx)


class Uid(Kind[UUID]):
    """The uid of a job, as `steve list` shows it."""

    name = "uid"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        try:
            return value if isinstance(value, UUID) else UUID(str(value).strip())
        except ValueError:
            self.fail(f"{value!r} is no uid: 36 characters, as `steve list` shows them", param, ctx)


class Json(Kind[Any]):
    """A JSON document; `-` becomes `STANDARD_INPUT`."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "-":
            return STANDARD_INPUT
        if not isinstance(value, str):
            return value
        try:
            return read_json(value)
        except ValueError as error:
            self.fail(f"not JSON: {error}", param, ctx)


class MetaItem(Kind["tuple[str, Any]"]):
    """`KEY=TEXT`, or `KEY:=JSON`."""

    name = "meta"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return cast("tuple[str, Any]", value)
        key, sign, content = str(value).partition("=")
        as_json = key.endswith(":")
        key = key.removesuffix(":")
        if not sign or not key:
            self.fail(f"{value!r} is not KEY=TEXT or KEY:=JSON", param, ctx)
        if not as_json:
            return key, content
        try:
            return key, read_json(content)
        except ValueError as error:
            self.fail(f"the value of {key!r} is not JSON: {error}", param, ctx)


class Queue(Kind[QueueChoice]):
    """`NAME`, or `NAME=CONCURRENCY`."""

    name = "queue"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> QueueChoice:
        if isinstance(value, QueueChoice):
            return value
        name, sign, number = str(value).partition("=")
        if not name:
            self.fail(f"{value!r} names no queue: write NAME or NAME=CONCURRENCY", param, ctx)
        if not sign:
            return QueueChoice(name, None)
        if not number.isdecimal() or int(number) < 1:
            self.fail(f"the concurrency in {value!r} must be a whole number from 1", param, ctx)
        return QueueChoice(name, int(number))


def read_duration(text: str) -> float | None:
    """Return the seconds that `text` says, or None when it says no duration."""
    text = text.strip()
    if _DURATION.fullmatch(text):
        return sum(float(count) * _UNITS[unit.lower()] for count, unit in _PART.findall(text))
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def read_json(text: str) -> Any:
    """Return the value of a JSON document. Raises ValueError that says what is wrong where."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not part of JSON")
