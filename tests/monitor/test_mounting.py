"""The monitor within other applications, under any prefix."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from steve import Jobs, SteveError
from support.monitor import Page
from support.waiting import eventually

APP = """
from starlette.applications import Starlette
from starlette.routing import Mount

from steve import Jobs

app = Starlette(routes=[Mount("/jobs", Jobs().monitor())])
"""


def inside(application: Any) -> Page:
    page = Page(application)
    page.http.base_url = httpx.URL("http://localhost:8585/jobs/")
    return page


async def works(page: Page) -> None:
    """A page below a prefix: it reads, and does something."""
    assert (await page.http.get("")).status_code in {200, 503}
    assert (await page.http.get("api/jobs")).json()["complete"] is True
    session = (await page.http.get("api/session")).json()
    headers = {"x-steve-token": session["csrf"], "origin": "http://localhost:8585"}
    answer = await page.http.post("api/queues/pause", json={"name": "a"}, headers=headers)
    assert answer.json() == {"done": True}
    assert (await page.http.get("api/nothing")).json() == {
        "detail": "there is nothing here; openapi.json says what there is"
    }
    assert (await page.http.put("api/jobs", headers=headers)).status_code == 405
    assert (await page.http.get("healthz")).text == "alive\n"


async def test_within_starlette(jobs: Jobs) -> None:
    async def home(request: Request) -> PlainTextResponse:
        return PlainTextResponse("home")

    monitor = jobs.monitor(actions=True)
    app = Starlette(routes=[Route("/", home), Mount("/jobs", monitor)])
    page = inside(app)
    await works(page)
    answer = await page.http.get("http://localhost:8585/jobs")
    assert answer.headers["location"].endswith("/jobs/")
    await page.http.aclose()


async def test_within_what_dispatches_by_path(jobs: Jobs) -> None:
    """As one does beside Django."""
    monitor = jobs.monitor(actions=True)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert scope["path"].startswith("/jobs")
        await monitor({**scope, "root_path": scope.get("root_path", "") + "/jobs"}, receive, send)

    page = inside(application)
    await works(page)
    answer = await page.http.get("http://localhost:8585/jobs")
    assert (answer.status_code, answer.headers["location"]) == (307, "jobs/")
    await page.http.aclose()


async def test_behind_a_proxy_that_takes_the_prefix_off(jobs: Jobs) -> None:
    monitor = jobs.monitor(actions=True)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await monitor({**scope, "path": scope["path"].removeprefix("/jobs")}, receive, send)

    page = inside(application)
    await works(page)
    await page.http.aclose()


async def test_the_host_application_keeps_its_own_way_with_errors(jobs: Jobs) -> None:
    async def apology(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("sorry", 500)

    app = Starlette(routes=[Mount("/jobs", jobs.monitor())], exception_handlers={404: apology})
    page = inside(app)
    assert (await page.http.get("api/nothing")).status_code == 404
    assert (await page.http.get("http://localhost:8585/other")).text == "sorry"
    await page.http.aclose()


async def test_a_lifespan_is_taken_part_in(jobs: Jobs) -> None:
    sent: list[str] = []
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await jobs.monitor()({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    await jobs.monitor()({"type": "websocket"}, receive, send)
    assert sent[-1] == "websocket.close"


def test_the_streams_end_when_the_server_of_the_application_stops(
    tmp_path: Path, shared_dsn: str
) -> None:
    """uvicorn waits for its responses, and says to none of them that it does."""
    (tmp_path / "app.py").write_text(APP)
    environment = {**os.environ, "STEVE_DATABASE_URL": shared_dsn}
    with (tmp_path / "err").open("w") as err:
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--port", "0"],
            cwd=tmp_path, env=environment, stderr=err,
        )  # fmt: skip
    try:
        said = (tmp_path / "err").read_text
        url = eventually(lambda: re.search(r"running on (http\S+)", said()), 20, what="a URL")[1]
        with httpx.stream("GET", url + "/jobs/api/events", timeout=20) as response:
            lines = response.iter_lines()
            assert next(lines) == "event: hello"
            server.terminate()
            for _ in lines:
                pass
        assert server.wait(10) in {0, -signal.SIGTERM}
    finally:
        server.kill()
        server.wait()


async def test_where_it_is_not_installed_that_is_said(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("steve.monitor.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette.exceptions", None)
    with pytest.raises(SteveError, match=r'pip install "pg-steve\[monitor\]"'):
        jobs.monitor()
