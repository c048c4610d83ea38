"""What all adapters of Python peers have in common.

An adapter is run as `python peer_NAME.py COMMAND OPTIONS`, with the options as a JSON object, and
prints JSON objects, one a line. Commands that are measured print {"event": "ready"} once they are
connected, wait for a line on standard input, and print {"event": "result", …} at their end:

    setup   install the peer's tables
    fill    create `n` jobs, as fast as the peer's API can, not measured
    bulk    the same, measured
    create  create `n` jobs one by one, each committed, by `clients` at once
    paced   create `n` jobs at their time, and write when each was asked for and committed
    worker  work until killed; handlers note their calls on the board

Whatever fails ends the process with {"event": "error", "message": …}.
"""

from __future__ import annotations

import array
import asyncio
import json
import os
import random
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any

from board import Board

CHUNK = 1000
"""Jobs in one call of a bulk API."""

Payload = dict[str, Any]


def payload(number: int) -> Payload:
    """A payload of about 100 bytes of JSON."""
    return {"n": number, "to": "user@example.com", "subject": "Your invoice", "pad": "x" * 32}


def emit(event: str, **fields: Any) -> None:
    """Print one line of the protocol."""
    print(json.dumps({"event": event, **fields}), flush=True)


async def go() -> None:
    """Say that everything is prepared, and wait for the word to begin."""
    emit("ready")
    if not await asyncio.to_thread(sys.stdin.readline):
        os._exit(1)


def chunks(items: Iterable[Payload], size: int = CHUNK) -> Iterator[list[Payload]]:
    """Cut into lists of `size`."""
    chunk: list[Payload] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class Adapter:
    """A peer. Subclasses say how it is opened, how it creates and how it works.

    Options that all know: `dsn`, `config`; of `fill`: `delay` in seconds (0: at once), `queues`
    over which jobs are spread (0: the default one); of `worker`: `copies` of a worker in this
    process, `queues` to serve.
    """

    note = ""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.dsn: str = options["dsn"]
        self.best: bool = options["config"] != "default"
        self.delay: float = options.get("delay", 0)
        self.queues: int = options.get("queues", 0)
        self.copies: int = options.get("copies", 1)
        self.board: Board | None = None

    async def setup(self) -> None:
        """Install the tables."""

    async def open(self, clients: int) -> None:
        """Connect, for creating jobs by so many clients at once."""

    async def create(self, job: Payload, client: int) -> None:
        """Create one job; it is committed upon return."""

    async def fill(self, jobs: list[Payload]) -> None:
        """Create many jobs, the best documented way."""

    async def work(self) -> None:
        """Run `copies` workers until killed."""

    def hit(self, job: Payload) -> None:
        """What a handler does: nothing, but that it is counted."""
        self.board.hit(job["n"])  # type: ignore[union-attr]

    def queue(self, number: int) -> str:
        """The queue of a job, where jobs are spread over many."""
        return f"q{number % self.queues}" if self.queues else "default"

    def all_queues(self) -> list[str]:
        """The queues that workers serve."""
        return [f"q{number}" for number in range(self.queues)] if self.queues else ["default"]

    async def _run_setup(self) -> None:
        await self.setup()
        emit("result", note=self.note)

    async def _run_fill(self) -> None:
        await self.open(1)
        await self.fill([payload(number) for number in range(self.options["n"])])
        emit("result", note=self.note)

    async def _run_bulk(self) -> None:
        await self.open(1)
        jobs = [payload(number) for number in range(self.options["n"])]
        await go()
        await self._timed(self.fill(jobs))

    async def _run_create(self) -> None:
        clients = self.options["clients"]
        await self.open(clients)
        for client in range(clients):
            await self.create(payload(-1), client)
        jobs = iter([payload(number) for number in range(self.options["n"])])

        async def client(number: int) -> None:
            for job in jobs:
                await self.create(job, number)

        await go()
        await self._timed(asyncio.gather(*(client(number) for number in range(clients))))

    async def _run_paced(self) -> None:
        """Keep to a timetable, as far as `clients` at once can."""
        n, clients = self.options["n"], self.options["clients"]
        await self.open(clients)
        for _ in range(self.options.get("warm", 0)):
            await self.create(payload(-1), 0)
        times = array.array("d", bytes(16 * n))
        free = asyncio.Queue[int]()
        for client in range(clients):
            free.put_nowait(client)

        async def send(number: int) -> None:
            client = await free.get()
            times[2 * number] = time.monotonic()
            await self.create(payload(number), client)
            times[2 * number + 1] = time.monotonic()
            free.put_nowait(client)

        await go()
        await self._timed(self._timetable(n, send))
        Path(self.options["times"]).write_bytes(times.tobytes())

    async def _timetable(self, n: int, send: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        """Send `n` jobs, or fewer if `until_input` is set and there is some."""
        shortest, longest = self.options["pause"]
        due = time.monotonic()
        sent: list[asyncio.Task[None]] = []
        over = asyncio.Event()
        if self.options.get("until_input"):
            asyncio.get_running_loop().add_reader(sys.stdin, over.set)
        for number in range(n):
            if over.is_set():
                break
            due += random.uniform(shortest, longest)
            wait = due - time.monotonic()
            if wait > 0.0003:
                await asyncio.sleep(wait)
            sent.append(asyncio.create_task(send(number)))
        await asyncio.gather(*sent)
        self.options["n"] = len(sent)

    async def _run_worker(self) -> None:
        self.board = Board(self.options["board"], record=self.options["record"])
        await self.work()
        await asyncio.Event().wait()

    async def _timed(self, work: Any) -> None:
        cpu, began = time.process_time(), time.monotonic()
        await work
        emit(
            "result",
            n=self.options["n"],
            seconds=time.monotonic() - began,
            cpu=time.process_time() - cpu,
            note=self.note,
        )


def main(make: Callable[[dict[str, Any]], Adapter]) -> None:
    """Run the command on the command line."""
    command, options = sys.argv[1], json.loads(sys.argv[2])
    code = 0
    try:
        adapter = make(options)
        with asyncio.Runner(loop_factory=_loop(options)) as runner:
            runner.run(getattr(adapter, f"_run_{command}")())
            sys.stdout.flush()
            os._exit(0)  # what a peer still has running in the background is of no interest
    except Exception as error:
        traceback.print_exc()
        emit("error", message=f"{type(error).__name__}: {error}")
        code = 1
    os._exit(code)


def _loop(options: dict[str, Any]) -> Any:
    if not options.get("uvloop"):
        return None
    import uvloop

    return uvloop.new_event_loop
