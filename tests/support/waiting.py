"""Waiting for what has no event of its own, with a deadline instead of a fixed sleep."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    T = TypeVar("T")

PAUSE = 0.02


def eventually(look: Callable[[], T | None], within: float = 10.0, *, what: str = "") -> T:
    """Look until the answer is true, and return it. After `within` seconds: AssertionError."""
    deadline = time.monotonic() + within
    while not (answer := look()):
        assert time.monotonic() < deadline, _late(look, answer, within, what)
        time.sleep(PAUSE)
    return answer


async def eventually_async(
    look: Callable[[], Awaitable[T | None]], within: float = 10.0, *, what: str = ""
) -> T:
    """The same for a coroutine function, leaving the event loop free in between."""
    deadline = time.monotonic() + within
    while not (answer := await look()):
        assert time.monotonic() < deadline, _late(look, answer, within, what)
        await asyncio.sleep(PAUSE)
    return answer


def throughout(look: Callable[[], object], seconds: float) -> None:
    """Look again and again for that long: it must be true every time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert look(), f"{look} did not stay true for {seconds} s"
        time.sleep(PAUSE)


def _late(look: object, answer: object, within: float, what: str) -> str:
    return f"{what or look} did not happen within {within} s; the last answer was {answer!r}"
