"""A monitor goes on where its manager does: after it was closed, and in another event loop."""

from __future__ import annotations

import asyncio

import httpx

from steve import Jobs
from steve.jobs.monitoring import Application
from steve.monitor.serving import serve
from support.monitor import Events, events


async def see_one_cancelled(http: httpx.AsyncClient, name: str, stream: Events, jobs: Jobs) -> None:
    """Have a job made and cancelled, and see both."""
    job = await jobs.create("a")
    while not (await stream.next("jobs"))["newest"]:
        pass
    await http.post("api/watch", json={"client": name, "uids": [str(job.uid)]})
    await jobs.cancel(job.uid)
    changed: list[dict[str, str]] = []
    while not any(row["status"] == "cancelled" for row in changed):
        changed = (await stream.next("jobs"))["changed"]


async def look(application: Application, jobs: Jobs) -> None:
    async with (
        asyncio.timeout(20),
        serve(application, "127.0.0.1", 0) as url,
        httpx.AsyncClient(base_url=url) as http,
        events(http) as stream,
    ):
        http.headers["x-steve-token"] = (await http.get("api/session")).json()["csrf"]
        name = (await stream.next("hello"))["client"]
        await see_one_cancelled(http, name, stream, jobs)
        await jobs.close()
        await see_one_cancelled(http, name, stream, jobs)
    await jobs.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_in_one_event_loop_after_the_other(migrated_dsn: str) -> None:
    jobs = Jobs(migrated_dsn, handle_signals=False)
    application = jobs.monitor()
    for _ in range(2):
        asyncio.run(look(application, jobs))
