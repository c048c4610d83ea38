"""Another process with a manager in it, which may get signals, or die."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import pytest

PRELUDE = """
import asyncio, os, signal, sys
from steve import Jobs

def say(*words):
    print(*words, flush=True)

def made(**settings):
    return Jobs(sys.argv[1], **settings)
"""

Start = Callable[..., "Program"]


class Program:
    """Runs until its code ends, or the test does. What it says is read line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    async def line(self) -> str:
        """The next thing that it says; "" when it has ended."""
        assert self._process.stdout
        return (await asyncio.to_thread(self._process.stdout.readline)).strip()

    async def code(self) -> int:
        """Wait for its end."""
        return await asyncio.to_thread(self._process.wait, 30)

    def send(self, number: int) -> None:
        self._process.send_signal(number)


@contextmanager
def running(code: str, dsn: str, environment: Mapping[str, str]) -> Iterator[Program]:
    """Run code after the prelude, in which `made(…)` makes a manager on this database."""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), dsn],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


@pytest.fixture
def start(shared_dsn: str) -> Iterator[Start]:
    """Start a program on the shared database; it is ended after the test."""
    with ExitStack() as stack:

        def start(code: str, **environment: str) -> Program:
            return stack.enter_context(running(code, shared_dsn, environment))

        yield start
