"""The demo from its first job to its last."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress

from steve.cli.common import Common
from steve.cli.demo.play import feed
from steve.cli.demo.screen import Screen, tell_line, tell_nobody
from steve.cli.demo.tally import Summary, Tally
from steve.cli.output import note
from steve.jobs.manager import Jobs

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def play(
    jobs: Jobs, common: Common, where: str, seconds: float | None, concurrency: int
) -> Summary:
    """Start workers and the feed, show what happens, and end with everything written."""
    live = sys.stdout.isatty() and not common.json
    tally = Tally(tell_nobody if live or common.json else tell_line)
    jobs.on_attempt("*", tally.attempted)
    jobs.on_done("*", tally.done)
    screen = Screen(jobs, tally, where) if live else None
    await jobs.start(concurrency)
    if screen is None and common.verbosity >= 0:
        note(f"{where}; Ctrl-C stops it")
    players = [asyncio.create_task(feed(jobs, tally))]
    if screen is not None:
        players.append(asyncio.create_task(screen.run()))
    try:
        await _until_end(players, seconds)
        players[0].cancel()
    finally:
        await jobs.stop()
        if screen is not None:
            screen.close()
        for player in players:
            with suppress(asyncio.CancelledError):
                await player
    return tally.summary()


async def _until_end(players: list[asyncio.Task[None]], seconds: float | None) -> None:
    """Wait until a signal comes, the time is over, or a player fails."""
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    for kind in _SIGNALS:
        loop.add_signal_handler(kind, signalled.set)
    watch = asyncio.create_task(signalled.wait())
    try:
        await asyncio.wait([*players, watch], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # From here on Ctrl-C means at once.
        for kind in _SIGNALS:
            loop.remove_signal_handler(kind)
        watch.cancel()
