"""A monitor whose role may look and nothing else."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator

import httpx
import psycopg
import pytest
from psycopg import conninfo
from psycopg.sql import SQL, Identifier

from steve import Job, Jobs
from steve.monitor.serving import serve
from support.monitor import Page, events, problem

pytestmark = pytest.mark.any_postgres


@pytest.fixture
async def looking(jobs: Jobs, shared_dsn: str) -> AsyncGenerator[Jobs, None]:
    """A manager of a role of the part of a monitor."""
    role = f"looks {uuid.uuid4().hex[:12]}"
    name = Identifier(role)
    async with await psycopg.AsyncConnection.connect(shared_dsn, autocommit=True) as connection:
        await connection.execute(SQL("create role {} login password 'made up'").format(name))
        await jobs.migrate(grant={"monitor": role})
        dsn = conninfo.make_conninfo(shared_dsn, user=role, password="made up")
        async with Jobs(dsn, migrate="check", handle_signals=False) as looking:
            yield looking
        await connection.execute(SQL("drop owned by {}").format(name))
        await connection.execute(SQL("drop role {}").format(name))


async def test_everything_is_seen_and_nothing_done(looking: Jobs, failed: Job) -> None:
    page = Page(looking.monitor(actions=True))
    for path in ("jobs", f"jobs/{failed.uid}", f"jobs/{failed.uid}/log", "overview", "history",
                 "names", "queues", "workers", "errors", "actions", "jobs/count"):  # fmt: skip
        await page.read(f"/api/{path}")
    for path, body in {
        "/api/jobs/act": {"action": "retry", "uids": [str(failed.uid)]},
        "/api/queues/pause": {"name": "default"},
        "/api/workers/stop": {"id": 1},
    }.items():
        answer = await page.post(path, body)
        assert (answer.status_code, "role" in problem(answer)) == (403, True)
    await page.application.close()
    await page.http.aclose()


async def test_events_come_without_being_notified(looking: Jobs, jobs: Jobs) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(job: Job) -> None:
        begun.set()
        await go_on.wait()

    jobs.set_handler("slow", slow)
    job = await jobs.create("slow")
    await jobs.start(1)
    await begun.wait()
    async with (
        serve(looking.monitor(), "127.0.0.1", 0) as url,
        httpx.AsyncClient(base_url=url) as http,
        events(http) as stream,
    ):
        http.headers["x-steve-token"] = (await http.get("api/session")).json()["csrf"]
        body = {"client": (await stream.next("hello"))["client"], "uids": [str(job.uid)]}
        await http.post("api/watch", json=body)
        go_on.set()
        async with asyncio.timeout(10):
            while not (changed := (await stream.next("jobs"))["changed"]):
                pass
            while changed[0]["status"] != "completed":
                changed = (await stream.next("jobs"))["changed"] or changed
