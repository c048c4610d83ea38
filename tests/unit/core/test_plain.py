"""Objects that stand for JSON: dates, enums, records, models."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pydantic
import pytest

from steve.core.codec import decode, encode, encode_result
from steve.core.errors import PayloadError

UID = UUID("0192d3a4-5b6c-7def-8123-456789abcdef")
Pair = namedtuple("Pair", "left right")


class Colour(enum.Enum):
    RED = "red"
    BOX = (1, 2)
    BAD = math.nan


class Level(enum.IntEnum):
    LOW = 1


class Text(str):
    __slots__ = ()


@dataclass
class Address:
    street: str
    tags: list[Any] = field(default_factory=list)
    extra: Any = None


class Point(msgspec.Struct):
    x: int
    y: Any = msgspec.UNSET


class Tagged(msgspec.Struct, tag="circle", tag_field="shape", rename="camel"):
    outer_radius: float


class Row(msgspec.Struct, array_like=True, tag=True):
    a: int
    b: int


class Model:
    """Has the one method of pydantic's models that matters here."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def model_dump(self, *, mode: str) -> Any:
        assert mode == "json"
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


class Endless:
    def model_dump(self, *, mode: str) -> Any:
        return Endless()


class Nesting:
    def model_dump(self, *, mode: str) -> Any:
        return [Nesting()]


class Lying(int):
    def __int__(self) -> int:
        raise RuntimeError("lies")

    __index__ = __int__


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC), "2026-01-02T03:04:05.000600Z"),
        (
            datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T00:00:00+02:00",
        ),
        (datetime(2026, 1, 2), "2026-01-02T00:00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(seconds=90), "PT90S"),
        (UID, str(UID)),
        (Decimal("1.10"), "1.10"),
        (Colour.RED, "red"),
        (Colour.BOX, [1, 2]),
        (Level.LOW, 1),
        (Text("x"), "x"),
        ({Text("k"): 1}, {"k": 1}),
        ((1, (2,)), [1, [2]]),
        (Pair(1, [2]), [1, [2]]),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[True, None]), {"a": [True, None]}),
        (Address("Main", ["x", UID]), {"street": "Main", "tags": ["x", str(UID)], "extra": None}),
        (Point(1), {"x": 1}),
        (Point(1, Point(2, 3)), {"x": 1, "y": {"x": 2, "y": 3}}),
        (Tagged(2.5), {"shape": "circle", "outerRadius": 2.5}),
        (Row(1, 2), ["Row", 1, 2]),
        (Model({"a": [Colour.RED]}), {"a": ["red"]}),
        (Lying(5), 5),
    ],
)
def test_has_a_json_form(value: Any, plain: Any):
    for wrapped, expected in ((value, plain), ({"a": [value]}, {"a": [plain]})):
        data = encode(wrapped, limit=1000)
        assert decode(data) == expected
        assert repr(decode(data)) == repr(expected)


@pytest.mark.parametrize("value", [Tagged(2.5), Row(1, 2), Point(1), timedelta(days=2)])
def test_structs_look_as_msgspec_writes_them(value: Any):
    assert decode(encode(value, limit=1000)) == decode(msgspec.json.encode(value))


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        (Address("x", [b"y"]), "$.tags[0]", "bytes cannot be JSON"),
        (Point(1, math.nan), "$.y", "nan"),
        (Colour.BAD, "$", "nan"),
        ([Model(ValueError("half made"))], "$[0]", "Model cannot be read: ValueError: half made"),
        (Model({1: 2}), "$", "the key 1 is not text"),
        ([Endless()], "$[0]", "without an end"),
        (Address, "$", "type cannot be JSON"),
    ],
)
def test_bad_members_are_found_inside(value: Any, path: str, words: str):
    with pytest.raises(PayloadError) as caught:
        encode(value, limit=1000)
    assert caught.value.path == path
    assert words in str(caught.value)


def test_records_that_hold_themselves_are_found():
    address = Address("x")
    address.extra = [address]
    with pytest.raises(PayloadError, match="Address contains itself") as caught:
        encode(address, limit=1000)
    assert caught.value.path == "$.extra[0]"
    with pytest.raises(PayloadError, match="deeper than 500"):
        encode(Nesting(), limit=100_000)


def test_a_result_whose_reading_ends_the_program_is_kept_as_a_note():
    class Fatal:
        def model_dump(self, *, mode: str) -> Any:
            raise SystemExit(3)

    data, warning = encode_result(Fatal(), 1000)
    assert data is not None
    assert decode(data)["error"] == "result not serialisable"
    assert warning == "3"


def test_a_real_pydantic_model():
    model = pydantic.create_model("User", name=(str, ...), born=(date, ...))
    user = model(name="x", born=date(2000, 1, 2))
    assert decode(encode({"user": user}, limit=1000)) == {
        "user": {"name": "x", "born": "2000-01-02"}
    }
