"""A web application that creates jobs, runs them beside its requests, and asks for their results.

    python examples/web.py            # serves on port 8000 until Ctrl-C
    python examples/web.py --try      # asks itself a question, prints the answer, and ends

`lifespan` has the shape that FastAPI and Starlette expect, `FastAPI(lifespan=lifespan)`. Here a
server of thirty lines takes their place, so that the example needs nothing but steve.

Larger applications leave the handlers to `steve worker` and drop `jobs.start` from here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from steve import Job, Jobs

jobs = Jobs()


@jobs.handler("summarise")
async def summarise(job: Job) -> dict[str, int]:
    return {"words": len(job.payload["text"].split())}


@asynccontextmanager
async def lifespan(app: object) -> AsyncGenerator[None, None]:
    """Work for as long as the application serves."""
    async with jobs:
        await jobs.start(4)
        yield
        await jobs.stop()


async def post_text(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """POST /texts: accept the work and answer at once."""
    job = await jobs.create("summarise", {"text": body["text"]})
    return 202, {"job": str(job.uid)}


async def get_job(uid: str) -> tuple[int, dict[str, Any]]:
    """GET /jobs/UID: say how far it is."""
    job, _ = await jobs.find(uid)
    if job is None:
        return 404, {"error": "no such job"}
    return 200, {"status": job.status, "result": job.result}


async def route(method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        if (method, path) == ("POST", "/texts"):
            return await post_text(json.loads(body))
        if method == "GET" and path.startswith("/jobs/"):
            return await get_job(path.removeprefix("/jobs/"))
    except (ValueError, KeyError) as error:
        return 400, {"error": str(error)}
    return 404, {"error": "POST /texts or GET /jobs/UID"}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    method, path, _ = head.split(" ", 2)
    fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    status, answer = await route(method, path, body)
    content = json.dumps(answer).encode()
    writer.write(
        f"HTTP/1.1 {status} -\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def request(port: int, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Be a client, for --try."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = json.dumps(body).encode()
    writer.write(f"{method} {path} HTTP/1.1\r\ncontent-length: {len(content)}\r\n\r\n".encode())
    writer.write(content)
    _, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return json.loads(answer)


async def try_out(port: int) -> None:
    accepted = await request(port, "POST", "/texts", {"text": "to be or not to be"})
    await jobs.wait(accepted["job"], timeout=10)
    print(await request(port, "GET", f"/jobs/{accepted['job']}"))


async def main(port: int, *, trial: bool) -> None:
    async with lifespan(None), await asyncio.start_server(serve, "127.0.0.1", port) as server:
        port = server.sockets[0].getsockname()[1]
        if trial:
            await try_out(port)
        else:
            print(f"http://127.0.0.1:{port}")
            await server.serve_forever()


if __name__ == "__main__":
    if "--try" in sys.argv:
        asyncio.run(main(0, trial=True))
    else:
        asyncio.run(main(8000, trial=False))
