"""What callers say about a job, in `create` and as a handler's defaults, checked and merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypedDict

from steve.core.backoff import Backoff
from steve.core.checks import instant, label, labels, seconds, whole
from steve.core.codec import encode, encode_payload
from steve.core.control import TEN_YEARS
from steve.core.errors import OptionError, OptionTypeError
from steve.core.job import PreparedJob
from steve.core.text import safe_repr
from steve.core.uid import uuid7

__all__ = [
    "JobOptions",
    "Limits",
    "check_call",
    "check_defaults",
    "check_type",
    "instant",
    "prepare",
    "seconds",
]

MOST_TAGS = 50


class JobOptions(TypedDict, total=False):
    """The keywords of `create`. Durations are seconds or a timedelta."""

    max_attempts: int
    max_crashes: int
    backoff_strategy: str | Backoff
    run_at: datetime | None
    delay: float | timedelta | None
    timeout: float | timedelta | None
    queue: str
    priority: int
    tags: Sequence[str]
    meta: Mapping[str, Any]


class Limits(Protocol):
    """What bounds a job; a manager's `Settings` are one."""

    @property
    def max_payload(self) -> int:
        """Bytes of JSON."""
        ...


def check_type(type: object) -> str:
    """Return a job type: 1 to 255 characters that PostgreSQL can hold."""
    return label(type, "type")


def _check_meta(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise OptionTypeError(f"meta must be a dict, not {safe_repr(value)}")
    return dict(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "max_attempts": lambda value: whole(value, "max_attempts", 1, 32_767),
    "max_crashes": lambda value: whole(value, "max_crashes", 0, 32_767),
    "backoff_strategy": lambda value: str(Backoff.of(value)),
    "run_at": lambda value: None if value is None else instant(value, "run_at"),
    "delay": lambda value: None if value is None else seconds(value, "delay", 0, TEN_YEARS),
    "timeout": lambda value: (
        None if value is None else seconds(value, "timeout", 0, TEN_YEARS, above=True)
    ),
    "queue": lambda value: label(value, "queue"),
    "priority": lambda value: whole(value, "priority", -100, 100),
    "tags": lambda value: labels(value, "tags", MOST_TAGS),
    "meta": _check_meta,
}
_FOR_HANDLERS = tuple(name for name in _CHECKS if name != "run_at")


def check_call(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked keywords of one `create`.

    Raises `OptionTypeError` for an unknown name, `OptionError` for a value out of range and
    for `run_at` together with `delay`.
    """
    checked = _checked(options, tuple(_CHECKS))
    if checked.get("run_at") is not None and checked.get("delay") is not None:
        raise OptionError("run_at and delay exclude each other: pass one of them")
    return checked


def check_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked defaults of a handler: the keywords of `create` without `run_at`."""
    return _checked(options, _FOR_HANDLERS)


def prepare(
    type: str,
    payload: Any,
    defaults: Mapping[str, Any] | None,
    call: Mapping[str, Any],
    limits: Limits,
) -> PreparedJob:
    """Check and encode one job; `call` wins over `defaults`, which `check_defaults` returned.

    Raises `OptionError`, `OptionTypeError`, and `PayloadError` for payload and meta.
    """
    name = check_type(type)
    if not defaults:
        said: Mapping[str, Any] = check_call(call) if call else call
    elif not call:
        said = defaults
    else:
        said = _merged(defaults, check_call(call))
    limit = limits.max_payload
    meta = said.get("meta")
    tags = said.get("tags")
    return PreparedJob(
        uid=uuid7(),
        type=name,
        payload=encode_payload(payload, limit),
        queue=said.get("queue", "default"),
        priority=said.get("priority", 0),
        max_attempts=said.get("max_attempts", 3),
        max_crashes=said.get("max_crashes", 3),
        backoff=said.get("backoff_strategy", "exp"),
        run_at=said.get("run_at"),
        delay=said.get("delay"),
        timeout=said.get("timeout"),
        tags=[*tags] if tags else [],
        meta=encode(meta, limit=limit, what="meta") if meta else b"{}",
    )


def _merged(defaults: Mapping[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    merged = {**defaults, **call}
    if call.get("run_at") is not None:
        # The caller named an instant: the handler's usual delay has no say any more.
        merged["delay"] = None
    return merged


def _checked(options: Mapping[str, Any], allowed: tuple[str, ...]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in options.items():
        if name not in allowed:
            raise OptionTypeError(
                f"unknown option {safe_repr(name)}: allowed are {', '.join(allowed)}"
            )
        checked[name] = _CHECKS[name](value)
    return checked
