"""Which function handles which type of job."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Literal

import msgspec

from steve.core.errors import OptionTypeError
from steve.core.job import Job
from steve.core.options import check_defaults, check_type
from steve.core.text import safe_repr

HandlerKind = Literal["async", "thread"]
HandlerFunction = Callable[[Job], Any]


class Handler(msgspec.Struct, frozen=True, eq=False):
    """A function that handles jobs. `type` is None for the fallback.

    `kind` says where it runs: `async def` on the loop, `def` in a thread. `defaults` are
    checked options for jobs of this type.
    """

    type: str | None
    function: HandlerFunction
    kind: HandlerKind
    defaults: Mapping[str, Any]


async def noop(job: Job) -> dict[str, bool]:
    """Complete any job without doing anything: `Jobs(handler=steve.noop)`."""
    return {"noop": True}


class Registry:
    """The handlers of one manager, by type, and the fallback for all other types.

    They may change while workers run, from any thread; `on_change` is called after each change.
    """

    def __init__(
        self,
        fallback: HandlerFunction | None = None,
        handlers: Mapping[str, HandlerFunction] | None = None,
        *,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Raises `OptionTypeError` for anything that cannot be a handler."""
        self._guard = Lock()
        self._handlers: dict[str, Handler] = {}
        self._fallback: Handler | None = None
        self.on_change: Callable[[], None] | None = None
        if handlers is not None and not isinstance(handlers, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise OptionTypeError(
                f"handlers must be a mapping of type to function, not {safe_repr(handlers)}"
            )
        for type, function in (handlers or {}).items():
            self.register(type, function)
        if fallback is not None:
            self.set_fallback(fallback)
        self.on_change = on_change

    def register(
        self, type: str, function: HandlerFunction, defaults: Mapping[str, Any] | None = None
    ) -> Handler:
        """Let `function` handle jobs of `type` from now on, in place of what did so before.

        Raises `OptionTypeError` when it cannot be a handler, and as `check_defaults` does.
        """
        handler = make_handler(check_type(type), function, defaults)
        with self._guard:
            # A new dict each time: readers need no lock.
            self._handlers = {**self._handlers, type: handler}
        self._changed()
        return handler

    def unregister(self, type: str) -> bool:
        """Remove the handler of `type`; say whether there was one."""
        with self._guard:
            rest = dict(self._handlers)
            removed = rest.pop(type, None)
            self._handlers = rest
        if removed is not None:
            self._changed()
        return removed is not None

    def set_fallback(self, function: HandlerFunction | None) -> None:
        """Set, or with None remove, the handler of all types without one of their own."""
        handler = None if function is None else make_handler(None, function, None)
        with self._guard:
            changed = self._fallback is not None or handler is not None
            self._fallback = handler
        if changed:
            self._changed()

    def resolve(self, type: str) -> Handler | None:
        """Return the handler of `type`, else the fallback, else None."""
        return self._handlers.get(type) or self._fallback

    def has(self, type: str) -> bool:
        """Say whether `type` has a handler of its own; the fallback does not count."""
        return type in self._handlers

    def reset(self) -> None:
        """Remove every handler with a type. The fallback stays."""
        with self._guard:
            removed = self._handlers
            self._handlers = {}
        if removed:
            self._changed()

    def types(self) -> list[str] | None:
        """Return the handled types in order, or None for all, when there is a fallback."""
        return None if self._fallback is not None else sorted(self._handlers)

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()


def make_handler(
    type: str | None, function: HandlerFunction, defaults: Mapping[str, Any] | None
) -> Handler:
    """Check that `function` can handle jobs and find out where it runs."""
    who = "the fallback handler" if type is None else f"the handler of {safe_repr(type)}"
    if not callable(function):
        raise OptionTypeError(f"{who} must be a function, not {safe_repr(function)}")
    forms = _forms(function)
    if any(map(inspect.isgeneratorfunction, forms)) or any(map(inspect.isasyncgenfunction, forms)):
        raise OptionTypeError(f"{who} is a generator: it must return its result, not yield it")
    _check_signature(who, function)
    kind = "async" if any(map(inspect.iscoroutinefunction, forms)) else "thread"
    return Handler(type, function, kind, check_defaults(defaults or {}))


def _forms(function: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the function inside partials, and the `__call__` of an object."""
    while isinstance(function, functools.partial):
        function = function.func  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if inspect.isclass(function):
        return (function,)
    return (function, getattr(type(function), "__call__", None))  # noqa: B004


def _check_signature(who: str, function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise OptionTypeError(
            f"{who} must take one argument, the job: {safe_repr(function)} does not ({error})"
        ) from None
