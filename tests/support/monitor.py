"""Asking a monitor as its own pages do."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from steve import Job, Jobs
from steve.jobs.monitoring import Application

BASE = "http://localhost:8585"


class Page:
    """A page in a browser: it keeps cookies, and sends the token with what it does."""

    def __init__(self, application: Application, client: str = "127.0.0.1") -> None:
        self.application = application
        transport = httpx.ASGITransport(application, client=(client, 50_000))
        self.http = httpx.AsyncClient(transport=transport, base_url=BASE)
        self.token = ""

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def read(self, path: str, /, **parameters: Any) -> Any:
        """Ask for something that is there."""
        answer = await self.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Do something, with what a browser sends for its own page."""
        if not self.token:
            self.token = (await self.read("/api/session"))["csrf"]
        usual = {"x-steve-token": self.token, "origin": BASE, "sec-fetch-site": "same-origin"}
        return await self.http.post(path, json=body, headers={**usual, **headers})

    async def do(self, path: str, body: Any) -> Any:
        """Do something that is allowed."""
        answer = await self.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Events:
    """The events of a page, as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.comments = 0

    async def next(self, *names: str) -> Any:
        """Wait for the next event of one of these names; its data."""
        while True:
            name, data = await self._event()
            if name in names or not names:
                return data

    async def _event(self) -> tuple[str, Any]:
        name = ""
        async for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
            elif line.startswith(":"):
                self.comments += 1
        raise EOFError("the stream has ended")


def problem(answer: httpx.Response) -> str:
    """Why it was refused."""
    assert answer.headers["content-type"] == "application/json", answer
    assert list(answer.json()) == ["detail"]
    return answer.json()["detail"]


async def fail(jobs: Jobs, count: int = 1, **options: Any) -> Job:
    """Have jobs fail, for real; the last of them."""

    async def bad(job: Job) -> None:
        raise ValueError(job.payload.get("says", "it never works"))

    jobs.set_handler("bad", bad)
    payload = options.pop("payload", {"n": 1})
    made = [await jobs.create("bad", payload, max_attempts=1, **options) for _ in range(count)]
    await jobs.start(4)
    ended = [await jobs.wait(job, timeout=10) for job in made]
    await jobs.stop()
    return ended[-1]


@asynccontextmanager
async def events(http: httpx.AsyncClient) -> AsyncGenerator[Events, None]:
    """Open the stream of events of a monitor that is served."""
    async with http.stream("GET", "api/events", timeout=20.0) as response:
        assert response.status_code == 200, await response.aread()
        yield Events(response)
