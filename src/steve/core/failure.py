"""An exception turned into a value that PostgreSQL can store, whatever the exception is."""

from __future__ import annotations

import hashlib
import os
import sysconfig
import traceback
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePath
from types import CodeType, TracebackType

import msgspec

from steve.core.text import LIMIT, cut, cut_middle, safe_str, type_name

_FRAMES = 200
_LONGEST_LINE = 4_000
_FEW = 30
_MOST_FORMATTED = 1000
_KEPT_HEAD = 40
_KEPT_TAIL = 400
_EXPLAINED = (SyntaxError, NameError, AttributeError, ImportError)
"""Python shows more of these than their message: a line of code, a suggestion."""

_formatted: dict[tuple[CodeType, int], str] = {}


class JobError(msgspec.Struct, frozen=True):
    """Why a job's last attempt failed: the exception's type and its message."""

    type: str
    message: str

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


class ExecutionTimeout(TimeoutError):
    """What a worker raises, or decides upon, when a handler took longer than the job's timeout."""

    def __str__(self) -> str:
        return "Execution timed out"


class Failure(msgspec.Struct, frozen=True):
    """An error as it is stored. All text is clean, `message` and `traceback` are 16 kB at most.

    `fingerprint` is the same for errors of one type from one place, and groups them.
    """

    type: str
    message: str
    traceback: str | None = None
    fingerprint: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe `error`. Total: no exception, however broken, makes this raise."""
        name = "TimeoutError" if isinstance(error, ExecutionTimeout) else type_name(error)
        return cls(name, cut(safe_str(error)), _trace(error), _fingerprint(name, error))

    def named(self, name: str, message: str) -> Failure:
        """Return the same failure under another type and message."""
        return Failure(name, cut(message), self.traceback, self.fingerprint)


def _trace(error: BaseException) -> str | None:
    try:
        if _stands_alone(error):
            frames = _known_frames(error.__traceback__)
            if frames is not None:
                lines = ["Traceback (most recent call last):\n", *frames, *_last_lines(error)]
                return _bounded(iter(lines))
        described = traceback.TracebackException(
            type(error), error, error.__traceback__, limit=-_FRAMES
        )
        return _bounded(described.format())
    except BaseException:
        return _frames_only(error)


def _stands_alone(error: BaseException) -> bool:
    """Say whether no other error belongs to this one."""
    return (
        error.__cause__ is None
        and (error.__context__ is None or error.__suppress_context__)
        and not isinstance(error, BaseExceptionGroup)
    )


def _known_frames(trace: TracebackType | None) -> list[str] | None:
    """Format a few frames as Python does; None where there are none, many, or one twice.

    Jobs fail over and over again at the same places, and to format a place takes Python fifty
    microseconds: it compiles the line to find out what to underline.
    """
    frames: dict[tuple[CodeType, int], str] = {}
    while trace is not None:
        key = trace.tb_frame.f_code, trace.tb_lasti
        if key in frames or len(frames) == _FEW:
            return None
        text = _formatted.get(key)
        if text is None:
            if len(_formatted) >= _MOST_FORMATTED:
                _formatted.clear()
            text = _formatted[key] = "".join(traceback.format_tb(trace, limit=1))
        frames[key] = text
        trace = trace.tb_next
    return list(frames.values()) or None


def _last_lines(error: BaseException) -> list[str]:
    """Format type and message as Python does, by its own means only where it has more to say."""
    module = type(error).__module__
    plain = type(module) is str and not isinstance(error, _EXPLAINED)
    if not plain or getattr(error, "__notes__", None):
        return traceback.format_exception_only(error)
    name = type(error).__qualname__
    if module not in {"builtins", "__main__"}:
        name = f"{module}.{name}"
    try:
        text = str(error)
    except Exception:
        return traceback.format_exception_only(error)
    return [f"{name}: {text}\n" if text else f"{name}\n"]


def _frames_only(error: BaseException) -> str | None:
    """Format the frames alone, for an exception whose own text or causes cannot be shown."""
    try:
        lines = traceback.format_tb(error.__traceback__, limit=-_FRAMES)
        return _bounded(iter([*lines, type_name(error)]))
    except BaseException:
        return None


def _bounded(lines: Iterator[str]) -> str:
    """Join the first and the last lines. The middle of endless chains is never held at once."""
    head: list[str] = []
    tail: deque[str] = deque(maxlen=_KEPT_TAIL)
    dropped = 0
    for line in lines:
        short = line if len(line) <= _LONGEST_LINE else cut(line, _LONGEST_LINE) + "\n"
        if len(head) < _KEPT_HEAD:
            head.append(short)
            continue
        dropped += len(tail) == _KEPT_TAIL
        tail.append(short)
    gap = [f"… ({dropped} parts cut)\n"] if dropped else []
    return cut_middle("".join([*head, *gap, *tail]).rstrip("\n"), LIMIT)


def _fingerprint(name: str, error: BaseException) -> str | None:
    try:
        return _digest(name, _place(error.__traceback__))
    except BaseException:
        return None


@lru_cache(maxsize=1000)
def _digest(name: str, code: CodeType | None) -> str:
    place = f"{PurePath(code.co_filename).name}:{code.co_qualname}" if code else ""
    text = f"{name}|{place}".encode(errors="replace")
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()[:12]


def _place(trace: TracebackType | None) -> CodeType | None:
    """Find the innermost frame of the user's own code, or the innermost one of all."""
    last = mine = None
    while trace is not None:
        last = trace.tb_frame.f_code
        if not last.co_filename.startswith(_FOREIGN) and "-packages" not in last.co_filename:
            mine = last
        trace = trace.tb_next
    return mine or last


def _foreign() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    steve = str(Path(__file__).resolve().parent.parent)
    folders = {paths["stdlib"], paths["platstdlib"], steve}
    return ("<frozen", *(folder + os.sep for folder in sorted(folders)))


_FOREIGN = _foreign()
