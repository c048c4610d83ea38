"""Payloads and results as JSON that PostgreSQL takes, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from math import isfinite
from typing import Any, cast

import msgspec

from steve.core.errors import PayloadError
from steve.core.plain import DEEPEST, MOST_DIGITS, segment, to_plain
from steve.core.text import cut, safe_repr, safe_str, type_name

_SCALARS = frozenset({str, int, bool, type(None)})
_BOXES = frozenset({dict, list, tuple})
_INFINITE = float("inf")
_EMPTY = b"{}"
_LONGEST_REPR = 2000
# The look-behind keeps the search linear: each run of digits is tried once, from its start.
_ENDLESS = re.compile(rb"(?<![0-9])[0-9]{%d}" % (MOST_DIGITS + 1))

_type_of: Callable[[Any], Any] = type
_to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder().decode


def encode(value: Any, *, limit: int, what: str = "payload") -> bytes:
    """Return `value` as JSON of at most `limit` bytes.

    Raises `PayloadError` with the path of whatever JSON or PostgreSQL cannot hold; `what` names
    the document in its message.
    """
    if _is_plain(value, limit):
        try:
            data = _to_json(value)
        except (UnicodeEncodeError, ValueError, RecursionError):
            data = None
        if data is not None and not _is_suspect(data):
            return data if len(data) <= limit else _too_large(value, data, limit, what)
    plain = to_plain(value, limit, what)
    try:
        data = _to_json(plain)
    except RecursionError:
        raise PayloadError(f"{what} is nested too deeply for the stack that is left") from None
    return data if len(data) <= limit else _too_large(plain, data, limit, what)


def encode_payload(value: Any, limit: int) -> bytes:
    """Return a payload as JSON; None is an empty object. Raises as `encode` does."""
    return _EMPTY if value is None else encode(value, limit=limit)


def encode_result(value: Any, limit: int) -> tuple[bytes | None, str | None]:
    """Return a result as JSON and a warning. Total: the job has succeeded, so this must too.

    What cannot be encoded is replaced by a note with its repr, and the warning says why.
    """
    if value is None:
        return None, None
    try:
        return encode(value, limit=limit, what="result"), None
    except BaseException as error:
        note = {
            "error": "result not serialisable",
            "repr": safe_repr(value, min(_LONGEST_REPR, limit)),
        }
        return _to_json(note), cut(safe_str(error) or type_name(error), _LONGEST_REPR)


def decode(data: bytes | str) -> Any:
    """Read JSON. Numbers beyond Python's float and integers beyond its text limit are Decimals.

    Raises `PayloadError` for text that is not JSON, or nested deeper than Python can follow.
    """
    try:
        return _from_json(data)
    except (msgspec.DecodeError, RecursionError):
        return _decode_slowly(data)


def _is_plain(value: Any, limit: int) -> bool:  # noqa: C901  # one loop: this is the hot path
    """Say whether `value` holds exact JSON types only, finite floats, and not too many of them.

    Level by level, so that the depth is known without recursion; the budget ends cycles.
    """
    if type(value) in _SCALARS:
        return True
    level: list[Any] = [[value]]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for box in level:
            limit -= 2 * len(box)
            if limit < -2:
                return False
            members: Iterable[Any] = box
            kind = _type_of(box)
            if kind is dict:
                for key in box:
                    if type(key) is not str:
                        return False
                members = box.values()
            for member in members:
                kind = _type_of(member)
                if kind in _SCALARS:
                    continue
                if kind in _BOXES:
                    below.append(member)
                elif kind is not float or not -_INFINITE < member < _INFINITE:
                    return False
        if not below:
            return True
        level = below
    return False


def _is_suspect(data: bytes) -> bool:
    """Say whether there may be a NUL in a text, or an endless integer, in this JSON."""
    return b"\\u0000" in data or (len(data) > MOST_DIGITS and _ENDLESS.search(data) is not None)


def _too_large(value: Any, data: bytes, limit: int, what: str) -> bytes:
    """Raise the error for a document over `limit`, at the member that makes it so large."""
    path, whole = "$", len(data)
    for _ in range(20):
        sizes = [(len(_to_json(member)), key, member) for key, member in _members(value)]
        size, key, member = max(sizes, key=lambda item: item[0], default=(0, "", None))
        if size <= whole // 2:
            break
        path, value = path + segment(key), member
    place = "" if path == "$" else f", most of it at {cut(path, 1000)}"
    raise PayloadError(
        f"{what} is {whole:,} bytes of JSON{place}; at most {limit:,} are allowed (max_payload): "
        "store large data elsewhere and send a reference",
        cut(path, 1000),
    )


def _members(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).items())
    return list(enumerate(cast("list[Any]", value))) if isinstance(value, list | tuple) else []


def _decode_slowly(data: bytes | str) -> Any:
    """Read what other programs may have written into the column and msgspec refuses."""
    try:
        return json.loads(data, parse_int=_integer, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"cannot read JSON {safe_repr(data)}: {safe_str(error)}") from None


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= MOST_DIGITS else Decimal(text)


def _number(text: str) -> float | Decimal:
    number = float(text)
    return number if isfinite(number) else Decimal(text)
