"""SIGTERM and SIGINT: the first stops gracefully, the second at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """Catches the signals for as long as it is installed.

    Handlers that the host application has set are called as well, and are put back in the end.
    Outside the main thread it does nothing: Python delivers no signals there.
    """

    def __init__(self, on_first: Callable[[], None], on_second: Callable[[], None]) -> None:
        self._on_first = on_first
        self._on_second = on_second
        self._before: dict[int, Any] = {}
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def install(self) -> None:
        """Catch the signals from now on."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._loop = asyncio.get_running_loop()
        self._count = 0
        for number in SIGNALS:
            self._before[number] = signal.getsignal(number)
            signal.signal(number, self._receive)

    def uninstall(self) -> None:
        """Put back what was there before, unless somebody else has taken over since."""
        for number, before in self._before.items():
            if signal.getsignal(number) == self._receive:
                signal.signal(number, before if before is not None else signal.SIG_DFL)
        self._before = {}

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        act = self._on_first if self._count == 1 else self._on_second
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)
        before = self._before.get(number)
        if self._count == 2 and _is_of_asyncio(before):
            # It would raise KeyboardInterrupt wherever the loop is, and outcomes would be lost.
            return
        if callable(before) and before is not signal.default_int_handler:
            before(number, frame)


def _is_of_asyncio(handler: object) -> bool:
    """Whether `asyncio.run` has set it: it cancels the main task, and the next time interrupts."""
    function = getattr(handler, "func", None)
    return isinstance(getattr(function, "__self__", None), asyncio.Runner)
