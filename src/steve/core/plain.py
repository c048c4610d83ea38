"""Values turned into what JSON knows, with the path of what cannot be turned.

This is the slow way: `codec` comes here only with a value that is not plain, or is bad.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec

from steve.core.errors import PayloadError
from steve.core.text import cut, safe_repr, safe_str, type_name

DEEPEST = 500
"""Levels of lists and objects inside each other."""

MOST_DIGITS = 4000
"""Digits of an integer; Python itself reads little more."""

_HUGE = 10**MOST_DIGITS
_MOST_TURNS = 20
_Container = dict[Any, Any] | list[Any] | tuple[Any, ...]
_HINTS: dict[type, str] = {
    bytes: "send text, for example base64",
    bytearray: "send text, for example base64",
    memoryview: "send text, for example base64",
    set: "send a list",
    frozenset: "send a list",
    complex: "send a list of two numbers",
}


class _Step(NamedTuple):
    """A place in the document: its key or index, the value there and the step before."""

    key: str | int | None
    value: object
    parent: _Step | None
    depth: int

    def path(self) -> str:
        parts: list[str] = []
        step: _Step = self
        while step.parent is not None:
            parts.append(segment(step.key))
            step = step.parent
        return "$" + "".join(reversed(parts))

    def refusal(self, what: str, reason: str) -> PayloadError:
        path = cut(self.path(), 1000)
        return PayloadError(f"{what} at {path}: {reason}", path)

    def holds_itself(self) -> bool:
        step = self.parent
        while step is not None:
            if step.value is self.value:
                return True
            step = step.parent
        return False


def to_plain(value: object, limit: int, what: str) -> Any:
    """Rebuild `value` from dict, list, str, int, float, bool and None alone.

    Raises `PayloadError` with the path of the first thing that cannot be JSON in PostgreSQL,
    and for a document that must come out larger than `limit` bytes.
    """
    root: list[Any] = [None]
    # Own stack instead of recursion: depth must not depend on how deep the caller is.
    todo: list[tuple[_Step, Any, str | int]] = [(_Step(None, value, None, 0), root, 0)]
    budget = limit
    while todo:
        step, target, slot = todo.pop()
        opened = _guarded(step, what)
        if not isinstance(opened, _Children):
            target[slot] = opened
            continue
        # No member takes less than two bytes, so this ends before memory does.
        budget -= 2 * len(opened.members)
        if budget < 0:
            raise step.refusal(what, f"the document is larger than {limit:,} bytes (max_payload)")
        target[slot] = opened.box
        below = step.depth + 1
        todo.extend(
            (_Step(key, member, step, below), opened.box, key)
            for key, member in reversed(opened.members)
        )
    return root[0]


class _Children(NamedTuple):
    box: dict[str, Any] | list[Any]
    members: list[tuple[Any, Any]]


def _guarded(step: _Step, what: str) -> object:
    """Open `step`; whatever the value's own code raises becomes a `PayloadError`."""
    try:
        return _open(step, what)
    except PayloadError:
        raise
    except Exception as error:
        reason = f"{type_name(error)}: {cut(safe_str(error), 500)}"
        raise step.refusal(what, f"{type_name(step.value)} cannot be read: {reason}") from error


def _open(step: _Step, what: str) -> object:
    """Return a plain scalar, or the empty box for a container and what belongs into it."""
    for _ in range(_MOST_TURNS):
        value = step.value
        if value is None or value is True or value is False:
            return value
        if isinstance(value, Enum):
            step = step._replace(value=value.value)
            continue
        if isinstance(value, str):
            return _text(step, value, what)
        if isinstance(value, int):
            return _integer(step, value, what)
        if isinstance(value, float):
            return _number(step, value, what)
        if isinstance(value, dict | list | tuple):
            _enter(step, what)
            return _box(step, cast("_Container", value), what)
        step = step._replace(value=_stand_in(step, value, what))
    raise step.refusal(what, f"{type_name(step.value)} turns into other objects without an end")


def _enter(step: _Step, what: str) -> None:
    if step.holds_itself():
        raise step.refusal(what, f"this {type_name(step.value)} contains itself")
    if step.depth >= DEEPEST:
        raise step.refusal(what, f"is nested deeper than {DEEPEST} levels")


def _box(step: _Step, value: _Container, what: str) -> _Children:
    if not isinstance(value, dict):
        items = list(value)
        return _Children([None] * len(items), list(enumerate(items)))
    members: list[tuple[str, Any]] = []
    for key, member in value.items():
        if not isinstance(key, str):
            raise step.refusal(what, f"the key {safe_repr(key)} is not text")
        name = str.__str__(key)
        _text(_Step(name, name, step, step.depth), name, what)
        members.append((name, member))
    return _Children(dict.fromkeys(name for name, _ in members), members)


def _text(step: _Step, value: str, what: str) -> str:
    text = str.__str__(value)
    if "\0" in text:
        raise step.refusal(what, "text with a NUL character, which PostgreSQL cannot hold")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            reason = "text with a lone surrogate, which is not valid Unicode"
            raise step.refusal(what, reason) from None
    return text


def _integer(step: _Step, value: int, what: str) -> int:
    number = int.__int__(value)
    if not -_HUGE < number < _HUGE:
        raise step.refusal(what, f"an integer of more than {MOST_DIGITS:,} digits")
    return number


def _number(step: _Step, value: float, what: str) -> float:
    number = float.__float__(value)
    if not isfinite(number):
        raise step.refusal(what, f"{number} is not JSON; send None or text")
    return number


def _stand_in(step: _Step, value: object, what: str) -> object:
    """Return what JSON holds in place of an object: its text, its value or its fields."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return msgspec.to_builtins(timedelta(value.days, value.seconds, value.microseconds))
    kind = type(value)
    dump = getattr(kind, "model_dump", None)
    if not (isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(kind) or callable(dump)):
        hint = _HINTS.get(kind, "send text, numbers, lists and objects")
        raise step.refusal(what, f"{type_name(value)} cannot be JSON: {hint}")
    _enter(step, what)
    if callable(dump):
        return dump(value, mode="json")
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    return {
        field.name: getattr(value, field.name) for field in dataclasses.fields(cast("Any", kind))
    }


def _struct(value: msgspec.Struct) -> dict[str, Any] | list[Any]:
    config = value.__struct_config__
    tagged = [] if config.tag is None else [(config.tag_field or "type", config.tag)]
    pairs: Iterable[tuple[str, Any]] = (
        (field.encode_name, getattr(value, field.name))
        for field in msgspec.structs.fields(type(value))
    )
    members = [*tagged, *((name, item) for name, item in pairs if item is not msgspec.UNSET)]
    return [item for _, item in members] if config.array_like else dict(members)


def segment(key: str | int | None) -> str:
    """Return one step of a path: `.name`, `[3]` or `['odd name']`."""
    if isinstance(key, str) and key.isidentifier():
        return f".{key}"
    return f"[{key!r}]" if isinstance(key, int) else f"[{safe_repr(key, 60)}]"
