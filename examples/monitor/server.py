"""A toy monitor: one page that asks for the newest jobs every second.

    python examples/monitor/server.py [PORT]     # needs the extras `monitor` and `embedded`

It starts the database, workers, a feed of jobs and a server. `steve monitor` is the real one.
"""

from __future__ import annotations

import asyncio
import random
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from steve import Job, Jobs

jobs = Jobs(schema="steve_toy", handle_signals=False)
MOST = 100


@jobs.handler("foo", max_attempts=2)
@jobs.handler("bar", max_attempts=2)
async def work(job: Job) -> dict[str, float]:
    await asyncio.sleep(random.uniform(0.2, 2))
    if random.random() < job.payload.get("failures", 0.5):
        raise RuntimeError("half of the attempts fail on purpose")
    return {"lucky": random.random()}


async def feed() -> None:
    while True:
        await jobs.create(random.choice(["foo", "bar"]))
        await asyncio.sleep(random.uniform(0.3, 3))


@asynccontextmanager
async def working(_: Starlette) -> AsyncGenerator[None, None]:
    async with jobs:
        await jobs.start(2)
        feeding = asyncio.create_task(feed())
        yield
        feeding.cancel()
        await jobs.stop()


def answer(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content, enc_hook=str), status, None, "application/json")


async def page(_: Request) -> Response:
    return FileResponse(Path(__file__).with_name("index.html"))


async def listed(request: Request) -> Response:
    try:
        wanted = {name: int(request.query_params.get(name, 0)) for name in ("limit", "offset")}
        limit = min(wanted["limit"] or 20, MOST)
        return answer(await jobs.fetch_all(limit=limit, offset=wanted["offset"]))
    except ValueError as error:
        return answer({"error": str(error)}, 400)


async def found(request: Request) -> Response:
    try:
        job, attempts = await jobs.find(request.path_params["uid"], with_attempts=True)
    except ValueError as error:
        return answer({"error": str(error)}, 400)
    return answer({"job": job, "attempts": attempts}, 200 if job else 404)


async def health(_: Request) -> Response:
    return answer(await jobs.health())


ROUTES = {"/": page, "/jobs": listed, "/job/{uid}": found, "/health": health}
app = Starlette(lifespan=working, routes=[Route(path, ask) for path, ask in ROUTES.items()])


def main() -> None:
    port = int(sys.argv[1]) if sys.argv[1:] else 8000
    with socket.create_server(("127.0.0.1", port)) as listening, suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listening])


if __name__ == "__main__":
    main()
