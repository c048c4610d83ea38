"""A statement that runs while another connection keeps its own from being committed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from integration.sql.scene import Scene

T = TypeVar("T")

_LOOK_AGAIN = 0.002
_PATIENCE = 10_000


class Overlap(Generic[T]):
    """Runs `act` in a thread, on the connection of `behind`, until it is over or waits.

    `waited` says whether it waits for a lock that the connection of `ahead` has; the server is
    asked for that, so no time is guessed.
    """

    def __init__(self, ahead: Scene, behind: Scene, watcher: Scene, act: Callable[[], T]) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._answer: Future[T] = self._thread.submit(act)
        self.waited = False
        for _ in range(_PATIENCE):
            if wait([self._answer], timeout=_LOOK_AGAIN).done:
                return
            if ahead.pid in watcher.value("select pg_blocking_pids(%s)", behind.pid):
                self.waited = True
                return
        raise AssertionError("the statement neither ended nor waits for the other connection")

    def answer(self) -> T:
        """Wait for the end; the answer, or the error."""
        try:
            return self._answer.result(timeout=10)
        finally:
            self._thread.shutdown(wait=False)
