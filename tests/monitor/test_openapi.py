"""The API is as its description says, whatever it is asked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from steve import Jobs
from steve.monitor.serving import serve
from support.databases import Databases
from support.monitor import fail

EXAMPLES = 10
"""Requests of each kind to each endpoint, beside those at the edges of what is allowed."""

NOT_CHECKED = (
    # What the description does not have: authentication, and creating what is asked for later.
    "ignored_auth",
    "missing_required_header",
    "use_after_free",
    "ensure_resource_availability",
    # What no schema tells: which cursors and paths there are, and that uids exclude a filter.
    "positive_data_acceptance",
)


@contextmanager
def served(dsn: str, **options: Any) -> Iterator[str]:
    """A monitor that is served from a thread of its own, with a few jobs."""
    ready, leave = threading.Event(), asyncio.Event()
    found: dict[str, Any] = {}

    async def main() -> None:
        found["loop"] = asyncio.get_running_loop()
        async with Jobs(dsn, handle_signals=False) as jobs:
            await fail(jobs, count=3)
            await jobs.create_many([("a", {"n": n}, {"queue": "mail"}) for n in range(20)])
            async with serve(jobs.monitor(**options), "127.0.0.1", 0) as url:
                found["url"] = url
                ready.set()
                await leave.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    try:
        assert ready.wait(20)
        yield found["url"]
    finally:
        found["loop"].call_soon_threadsafe(leave.set)
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module", params=[False, True], ids=["looking", "acting"])
def url(
    request: pytest.FixtureRequest, databases: Databases, migrated_template: str
) -> Iterator[str]:
    """Where a monitor is served that may act, or may not."""
    with (
        databases.temporary(migrated_template) as dsn,
        served(dsn, actions=request.param, auth="secret") as url,
    ):
        yield url


@pytest.mark.timeout(120)
def test_it_is_as_described(url: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", url + "openapi.json",
            f"--url={url.rstrip('/')}",
            "--header=Authorization: Bearer secret",
            # It has no end, and so no answer that can be looked at.
            "--exclude-path=/api/events",
            "--phases=examples,coverage,fuzzing",
            f"--max-examples={EXAMPLES}",
            f"--exclude-checks={','.join(NOT_CHECKED)}",
            "--max-response-time=5",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 19" in done.stdout


def test_every_endpoint_is_described_in_words(url: str) -> None:
    answer = httpx.get(url + "openapi.json", headers={"authorization": "Bearer secret"})
    description = answer.json()
    assert description["openapi"] == "3.1.0"
    operations = [each for path in description["paths"].values() for each in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 20
    assert all(10 < len(operation["summary"]) < 120 for operation in operations)
    for shape in description["components"]["schemas"].values():
        assert shape["description"]
