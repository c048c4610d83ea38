"""Looking at the database again and again, at little cost to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

from steve.cli.trouble import Trouble, sentence
from steve.core.errors import ConnectionFailed

T = TypeVar("T")

_SHARE = 9
"""For each second of looking so many go by without: a slow database has better things to do."""


class Seen(NamedTuple, Generic[T]):
    """What a look has found, or a sentence that says why it has found nothing."""

    found: T | None
    trouble: str | None


async def looks(
    look: Callable[[], Awaitable[T]],
    seconds: float,
    *,
    wake: asyncio.Event | None = None,
    patient: bool = False,
) -> AsyncGenerator[Seen[T], None]:
    """Look every so many seconds, or less often where looking takes long; at once upon `wake`.

    Unless `patient`, what the first look raises is raised: it may be a mistake in what was asked
    for.
    """
    wake = wake or asyncio.Event()
    first = not patient
    while True:
        began = time.monotonic()
        away = False
        try:
            seen = Seen[T](await look(), None)
        except Trouble as error:
            if first:
                raise
            seen = Seen[T](None, sentence(error))
            away = isinstance(error, ConnectionFailed)
        first = False
        took = time.monotonic() - began
        yield seen
        # Who is not reached at all is spared nothing.
        pause = seconds if away else max(seconds, _SHARE * took)
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), pause)
        wake.clear()
