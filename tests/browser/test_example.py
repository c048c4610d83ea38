"""The toy monitor in `examples/monitor`, as somebody sees it who starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest
from playwright.async_api import expect

from support.waiting import eventually

if TYPE_CHECKING:
    from playwright.async_api import Page

SERVER = Path(__file__).parents[2] / "examples/monitor/server.py"
SECONDS = 15_000
"""Milliseconds until something must be seen, on a busy machine too."""


@pytest.fixture
def url(dsn: str) -> Iterator[str]:
    """Where the example serves; its first line says so. It must end well upon Ctrl-C."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(SERVER), "0"],
        env={**os.environ, "STEVE_DATABASE_URL": dsn},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
            server.send_signal(signal.SIGINT)
            assert (server.wait(20), *server.communicate()) == (0, "", "")
        finally:
            server.kill()


def create(dsn: str, type: str, delay: float = 0) -> str:
    """Create a job that cannot fail; its uid."""
    query = """select steve_toy.create_job(%s, '{"failures": 0}', run_at => now() + %s)"""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query, [type, f"{delay} s"]).fetchone()
    assert row is not None
    return str(row[0])


def get(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:  # noqa: S310
        assert answer.headers["content-type"] == "application/json"
        return json.load(answer)


def status(url: str) -> int:
    try:
        return urlopen(url, timeout=10).status  # noqa: S310
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.asyncio(loop_scope="session")
async def test_a_row_goes_from_pending_to_completed(dsn: str, url: str, page: Page) -> None:
    await page.goto(url)
    await page.evaluate("window.same = true")
    uid = create(dsn, "foo", delay=3)
    row = page.locator("tr", has_text=uid)
    await expect(row).to_have_class("pending", timeout=SECONDS)
    await expect(row).to_have_class("completed", timeout=SECONDS)
    await expect(row).to_contain_text("1/3")
    assert await page.evaluate("window.same")


@pytest.mark.asyncio(loop_scope="session")
async def test_what_comes_from_users_is_text(dsn: str, url: str, page: Page) -> None:
    await page.goto(url)
    await expect(page.locator("tbody tr")).not_to_have_count(0, timeout=SECONDS)
    create(dsn, "<img src=x onerror='document.title=1'>")
    await expect(page.get_by_text("<img src=x")).to_be_visible(timeout=SECONDS)
    assert await page.locator("img").count() == 0
    assert await page.title() == "Jobs"


def test_the_routes(dsn: str, url: str) -> None:
    eventually(lambda: get(f"{url}/jobs"), 15, what="a job of the feed")
    uid = create(dsn, "foo", delay=60)
    assert [job["uid"] for job in get(f"{url}/jobs?limit=1")] == [uid]
    assert uid not in [job["uid"] for job in get(f"{url}/jobs?limit=5&offset=1")]
    found = get(f"{url}/job/{uid}")
    assert (found["job"]["status"], found["attempts"]) == ("pending", [])
    assert get(f"{url}/health")["counts"]["pending"] >= 1
    assert status(f"{url}/jobs?limit=many") == 400
    assert status(f"{url}/job/nonsense") == 400
    assert status(f"{url}/job/01a00000-0000-7000-8000-000000000000") == 404
