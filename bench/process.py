"""Adapter processes, as the harness sees them."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from bench.adapters.board import Board
from bench.machine import cpu_of, resident

if TYPE_CHECKING:
    from typing import Self

ADAPTERS = Path(__file__).parent / "adapters"
PATIENCE = 180.0
"""Seconds that an adapter may take for a step, unless told otherwise."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class AdapterError(Exception):
    """An adapter failed; the message is what it said."""


class AdapterProcess:
    """A running adapter. It dies with the harness, and with the block it is used in."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._log = log
        self._errors: IO[bytes] = log.open("ab")
        self._process = subprocess.Popen(
            command,
            cwd=ADAPTERS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
            start_new_session=True,
            preexec_fn=_follow,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def event(self, wanted: str, limit: float = PATIENCE) -> dict[str, Any]:
        """Wait for an event. Raises AdapterError when it says error, ends before, or is late."""
        late = threading.Timer(limit, self._end)
        late.start()
        try:
            return self._event(wanted)
        except AdapterError as error:
            if late.finished.is_set():
                raise AdapterError(f"no event {wanted!r} within {limit:.0f} s") from error
            raise
        finally:
            late.cancel()

    def _event(self, wanted: str) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue  # what a peer prints of its own
            if not isinstance(said, dict):
                continue
            if said.get("event") == "error":
                raise AdapterError(said["message"])
            if said.get("event") == wanted:
                return said
        raise AdapterError(self._last_words())

    def go(self) -> None:
        """Let it begin, after its event `ready`."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def check(self) -> None:
        """Raise AdapterError if it has ended."""
        if self._process.poll() is not None:
            raise AdapterError(self._last_words())

    def kill(self) -> None:
        """End it, with all its children."""
        self._end()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def _end(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _last_words(self) -> str:
        code = self._process.wait()
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"ended with exit code {code}: {' | '.join(lines[-3:])[-500:]}"


class Crew:
    """The worker processes of a measurement with their boards."""

    def __init__(self, processes: Sequence[AdapterProcess], boards: Sequence[Board]) -> None:
        self.processes = processes
        self.boards = boards

    @property
    def calls(self) -> int:
        """Handler calls of all of them."""
        return sum(board.calls for board in self.boards)

    @property
    def first(self) -> float:
        """When the first handler began; 0 before."""
        return min((board.first for board in self.boards if board.first), default=0.0)

    @property
    def last(self) -> float:
        """When the latest handler began."""
        return max(board.last for board in self.boards)

    def cpu(self) -> float:
        """Seconds of CPU of all of them."""
        return sum(cpu_of(process.pid) for process in self.processes)

    def resident(self) -> int:
        """Bytes resident, of all of them."""
        return sum(resident(process.pid) for process in self.processes)

    def starts(self, jobs: int) -> list[float]:
        """When the handler of each job began, in whichever of the processes; 0 for never."""
        columns = [board.starts(jobs) for board in self.boards]
        return [
            min((start for start in job if start), default=0.0)
            for job in zip(*columns, strict=True)
        ]

    def wait_warm(self, calls: int, limit: float) -> None:
        """Wait for so many warm-up calls. Raises AdapterError when they do not come."""
        self._wait(lambda: sum(board.warm for board in self.boards) >= calls, limit, "warm-up")

    def wait_calls(self, calls: int, limit: float, *, patience: bool = False) -> bool:
        """Wait for so many calls; says whether they came, or raises if not `patience`."""
        return self._wait(
            lambda: self.calls >= calls, limit, f"{calls} handler calls", patience=patience
        )

    def check(self) -> None:
        """Raise AdapterError if one of them has ended."""
        for process in self.processes:
            process.check()

    def _wait(self, true: Any, limit: float, what: str, *, patience: bool = False) -> bool:
        deadline = time.monotonic() + limit
        looks = 0
        while not true():
            if time.monotonic() > deadline:
                if patience:
                    return False
                raise AdapterError(f"{what}: nothing within {limit:.0f} s")
            looks += 1
            if looks % 50 == 0:
                self.check()
            time.sleep(0.005)
        return True


def _follow() -> None:
    """Die with the harness, even if that is killed."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
