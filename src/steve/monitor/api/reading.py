"""Reading what a request asks for into the shapes of `asked`."""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from starlette.requests import Request

from steve.monitor.problems import Refused

T = TypeVar("T", bound=msgspec.Struct)

MOST_BYTES = 1024 * 1024

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)


def read_query(request: Request, shape: type[T]) -> T:
    """Read the parameters. Lists are parameters that are repeated. Raises `Refused`."""
    given: dict[str, Any] = {}
    kinds = {field.name: _kind(field.type) for field in msgspec.structs.fields(shape)}
    for name, value in request.query_params.multi_items():
        kind = kinds.get(name)
        if kind is list:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise Refused(400, f"{_shown(name)} can be given once only")
        else:
            given[name] = int(value) if kind is int and _is_whole(value) else value
    try:
        return msgspec.convert(given, shape)
    except msgspec.ValidationError as error:
        raise Refused(400, str(error)) from None


async def read_body(request: Request, shape: type[T]) -> T:
    """Read the body, JSON that is said to be JSON. Raises `Refused`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "send JSON, with Content-Type: application/json")
    try:
        return msgspec.json.decode(await read_bytes(request), type=shape)
    except msgspec.ValidationError as error:
        raise Refused(400, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "the body is not JSON") from None


async def read_bytes(request: Request) -> bytes:
    """Read the body as it is, up to a bound. Raises `Refused`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refused(413, f"the body is longer than {MOST_BYTES:,} bytes")
    return bytes(body)


def _kind(type: Any) -> type | None:
    """Whether a field is a list, a whole number, or something that is written as text."""
    origin = get_origin(type)
    if origin is list:
        return list
    if type is int:
        return int
    # Annotated[list[…], …] and the like.
    return _kind(get_args(type)[0]) if hasattr(type, "__metadata__") else None


def _is_whole(text: str) -> bool:
    return _WHOLE.fullmatch(text) is not None


def _shown(name: str) -> str:
    return name if name.isidentifier() and len(name) < 50 else "a parameter"
