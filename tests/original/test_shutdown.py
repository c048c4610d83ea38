"""Signals: who catches them, for how long, and what they do."""

from __future__ import annotations

import signal

from original.asking import value
from original.conftest import Connection, Make
from original.program import Start

SIGNALS = (signal.SIGTERM, signal.SIGINT)

PROGRAM = """
async def held(job):
    say("started")
    try:
        await asyncio.sleep(job.payload)
    except asyncio.CancelledError:
        say("cancelled")
        raise
    say("finished")

async def main():
    jobs = made(handlers={"held": held}, grace=20)
    await jobs.create("held", float(os.environ["SECONDS"]))
    if os.environ["WAY"] == "run":
        await jobs.run(1)
    else:
        await jobs.start(1)
        while jobs.ready():
            await asyncio.sleep(0.01)
        say("stopping")
        await jobs.stop()
    say("goes on")
    await jobs.close()

asyncio.run(main())
"""

STATUSES = "select string_agg(status, ' ') from steve.jobs"


def caught() -> list[object]:
    return [signal.getsignal(number) for number in SIGNALS]


async def test_signals_are_caught_from_start_to_stop(make: Make) -> None:
    """The original listens for SIGTERM between start and stop; here for SIGINT as well."""
    jobs = make(handle_signals=True)
    before = caught()
    for _ in range(2):
        await jobs.start(1)
        assert all(now != then for now, then in zip(caught(), before, strict=True))
        await jobs.start(1)
        await jobs.stop()
        assert caught() == before


async def test_signals_are_not_caught_if_told_so(make: Make) -> None:
    """The original listens only with gracefulSigterm; here only with handle_signals."""
    before = caught()
    jobs = make(handle_signals=False)
    await jobs.start(1)
    assert caught() == before


async def test_nothing_is_caught_before_the_start(make: Make) -> None:
    """The original listens when it has started, not when it is made, and so it is here."""
    before = caught()
    await make(handle_signals=True).create("t")
    assert caught() == before


async def test_sigterm_stops_the_work_and_not_the_program(
    start: Start, connection: Connection
) -> None:
    """The original's SIGTERM calls stop and never exits the process, and so it is here."""
    program = start(PROGRAM, WAY="start", SECONDS="0.3")
    assert await program.line() == "started"
    program.send(signal.SIGTERM)
    assert [await program.line() for _ in range(3)] == ["stopping", "finished", "goes on"]
    assert await program.code() == 0
    assert await value(connection, STATUSES) == "completed"


async def test_sigint_stops_the_work_and_not_the_program(
    start: Start, connection: Connection
) -> None:
    """The original leaves SIGINT alone; here it ends `run` as SIGTERM does."""
    program = start(PROGRAM, WAY="run", SECONDS="0.3")
    assert await program.line() == "started"
    program.send(signal.SIGINT)
    assert [await program.line() for _ in range(2)] == ["finished", "goes on"]
    assert await program.code() == 0
    assert await value(connection, STATUSES) == "completed"


async def test_a_second_signal_does_not_wait(start: Start, connection: Connection) -> None:
    """The original waits on upon a second SIGTERM; here running handlers are cancelled."""
    program = start(PROGRAM, WAY="start", SECONDS="60")
    assert await program.line() == "started"
    program.send(signal.SIGTERM)
    assert await program.line() == "stopping"
    program.send(signal.SIGTERM)
    assert [await program.line() for _ in range(2)] == ["cancelled", "goes on"]
    assert await program.code() == 0
    assert await value(connection, STATUSES) == "pending"
