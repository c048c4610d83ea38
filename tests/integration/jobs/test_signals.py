"""Signals, received by real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Generator
from contextlib import contextmanager

import psycopg
import pytest

PRELUDE = """
import asyncio, signal, sys
from steve import Jobs

def say(*words):
    print(*words, flush=True)

async def quick(job):
    return "ran"

async def held(job):
    say("started")
    try:
        await asyncio.sleep(float(job.payload))
    except asyncio.CancelledError:
        say("cancelled")
        raise
    say("finished")

jobs = Jobs(sys.argv[1], handlers={"held": held}, grace=20)
"""

RUN = """
async def main():
    await jobs.create("held", float(sys.argv[2]))
    await jobs.run(2)
    say("returned")

asyncio.run(main())
say("ended")
"""


class Process:
    def __init__(self, code: str, dsn: str, seconds: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(code), dsn, str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def rest(self) -> list[str]:
        assert self._process.stdout
        return self._process.stdout.read().split("\n")[:-1]

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def code(self) -> int:
        return self._process.wait(30)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()


Start = Callable[..., Process]


@pytest.fixture
def start(migrated_dsn: str) -> Generator[Start, None, None]:
    """Start a program, which is ended after the test."""
    with _starting(migrated_dsn) as start:
        yield start


@contextmanager
def _starting(dsn: str) -> Generator[Start, None, None]:
    started: list[Process] = []

    def start(code: str, seconds: float = 1.0) -> Process:
        process = Process(code, dsn, seconds)
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            process.end()


def states(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [status for (status,) in connection.execute("select status from steve.jobs")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_stops_gracefully(start: Start, migrated_dsn: str, number: int) -> None:
    process = start(RUN)
    assert process.line() == "started"
    process.send(number)
    assert process.rest() == ["finished", "returned", "ended"]
    assert process.code() == 0
    assert states(migrated_dsn) == ["completed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_second_signal_cancels_at_once(start: Start, migrated_dsn: str, number: int) -> None:
    process = start(RUN, 60)
    assert process.line() == "started"
    process.send(number)
    # The worker says in the database that it is stopping no sooner than it has begun to.
    with psycopg.connect(migrated_dsn, autocommit=True) as connection:
        connection.execute("select pg_sleep(0.5)")
    process.send(number)
    assert process.line() == "cancelled"
    process.rest()
    process.code()
    # Given back at once, not after its lease.
    assert states(migrated_dsn) == ["pending"]


def test_handlers_of_the_application_are_called_and_put_back(start: Start) -> None:
    process = start(
        """
        def own(number, frame):
            say("own")

        signal.signal(signal.SIGTERM, own)

        async def main():
            await jobs.create("held", float(sys.argv[2]))
            await jobs.run(2)
            say("back" if signal.getsignal(signal.SIGTERM) is own else "not back")

        asyncio.run(main())
        """
    )
    assert process.line() == "started"
    process.send(signal.SIGTERM)
    assert process.rest() == ["own", "finished", "back"]
    assert process.code() == 0


def test_start_alone_stops_the_work_and_not_the_program(start: Start) -> None:
    process = start(
        """
        async def main():
            await jobs.start(2)
            await jobs.create("held", float(sys.argv[2]))
            while jobs.ready():
                await asyncio.sleep(0.01)
            await jobs.stop()
            say("goes on", signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
            await jobs.close()

        asyncio.run(main())
        """,
        0.5,
    )
    assert process.line() == "started"
    process.send(signal.SIGTERM)
    assert process.rest() == ["finished", "goes on True"]
    assert process.code() == 0


def test_signals_are_left_alone_if_told_so(start: Start) -> None:
    process = start(
        """
        jobs = Jobs(sys.argv[1], handlers={"held": held}, handle_signals=False)
        """
        + textwrap.indent(RUN, " " * 8),
        30,
    )
    assert process.line() == "started"
    process.send(signal.SIGTERM)
    assert process.code() == -signal.SIGTERM


def test_a_program_in_a_thread_starts_without_signals(start: Start) -> None:
    process = start(
        """
        import threading

        async def main():
            await jobs.start(1)
            await jobs.create("held", 0.1)
            while len(await jobs.fetch_all("completed")) < 1:
                await asyncio.sleep(0.02)
            await jobs.close()
            say("closed")

        thread = threading.Thread(target=asyncio.run, args=(main(),))
        thread.start()
        thread.join()
        """
    )
    assert process.rest() == ["started", "finished", "closed"]
    assert process.code() == 0
