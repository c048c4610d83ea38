"""Queues, workers, rates, errors and the course of things."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from monitor.conftest import Connection, Visit
from steve import Job, Jobs
from steve.core.histogram import Histogram
from steve.monitor.api.course import put_together
from steve.operations.monitor_whole import Sample
from support.monitor import Page, fail
from support.waiting import eventually_async


async def test_the_session_says_who_looks_at_what(visit: Visit) -> None:
    session = await visit(title="Jobs of Ada").read("/api/session")
    assert session["title"] == "Jobs of Ada"
    assert (session["schema"], session["may_act"]) == ("steve", False)
    assert (await visit(actions=True).read("/api/session"))["may_act"] is True


async def test_the_overview_counts(page: Page, jobs: Jobs) -> None:
    await fail(jobs, count=2)
    await jobs.create("later", delay=1000)
    await jobs.create("now", queue="mail")
    overview = await page.read("/api/overview")
    pulse = overview["pulse"]
    counts = {each["status"]: each["count"] for each in pulse["counts"]}
    assert counts == {
        "pending": 2, "blocked": 0, "running": 0,
        "completed": 0, "failed": 2, "cancelled": 0, "expired": 0,
    }  # fmt: skip
    assert pulse["failed_rate"] > 0
    assert pulse["oldest_ready"] >= 0
    assert [(queue["name"], queue["ready"], queue["scheduled"]) for queue in pulse["queues"]] == [
        ("default", 0, 1),
        ("mail", 1, 0),
    ]


async def test_alarms_are_what_the_doctor_finds(page: Page, jobs: Jobs) -> None:
    await jobs.create("nobody handles it")
    assert (await page.read("/api/overview"))["alarms"] == []

    async def found() -> list[Any]:
        await asyncio.sleep(0.3)
        return (await page.read("/api/overview"))["alarms"]

    alarms = await eventually_async(found, 20, what="an alarm")
    assert "types" in {alarm["check"] for alarm in alarms}
    assert all(alarm["found"] and alarm["status"] != "ok" for alarm in alarms)


async def test_workers_show_what_they_run(page: Page, jobs: Jobs) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(job: Job) -> None:
        await job.progress(0.5, "half way")
        begun.set()
        await go_on.wait()

    jobs.set_handler("slow", slow)
    job = await jobs.create("slow")
    await jobs.start(3)
    await begun.wait()

    async def running() -> Any:
        (worker,) = (await page.read("/api/workers"))["workers"]
        return worker if worker["jobs"] and worker["jobs"][0]["progress"] else None

    worker = await eventually_async(running, what="a worker with its job")
    assert (worker["concurrency"], worker["types"]) == (3, ["slow"])
    assert worker["jobs"][0]["uid"] == str(job.uid)
    assert worker["jobs"][0]["progress_message"] == "half way"
    assert (await page.do("/api/workers/stop", {"id": worker["id"]})) == {"done": True}
    assert (await page.read("/api/workers"))["workers"][0]["stopping"] is True
    go_on.set()


async def test_names_for_filters(page: Page, jobs: Jobs) -> None:
    await jobs.create("a", queue="mail")
    await fail(jobs)
    assert await page.read("/api/names") == {"types": ["a", "bad"], "queues": ["default", "mail"]}


async def test_errors_are_grouped(page: Page, jobs: Jobs) -> None:
    await fail(jobs, count=3)
    errors = await page.read("/api/errors", seconds=3600)
    (group,) = errors["groups"]
    assert (group["type"], group["count"], group["retrying"]) == ("bad", 3, 0)
    assert group["error"] == {"type": "ValueError", "message": "it never works"}
    assert len(group["counts"]) == 24
    assert sum(group["counts"]) == 3
    assert (errors["width"], errors["complete"]) == (150.0, True)


@pytest.mark.parametrize(
    ("range", "width", "entries"),
    [("5m", 10, 30), ("1h", 10, 360), ("6h", 60, 360), ("24h", 300, 288), ("7d", 1800, 336)],
)
async def test_the_course_of_things(
    page: Page, connection: Connection, range: str, width: int, entries: int
) -> None:
    await connection.execute(
        "insert into steve.sample (width, queue, began_at, ready, completed)"
        " select w, '', to_timestamp((floor(extract(epoch from now()) / %s) - 3) * %s), 5, 7"
        " from unnest(array[10, 60, 900]) as w",
        (width, width),
    )
    history = await page.read("/api/history", range=range)
    lists = [value for value in history.values() if isinstance(value, list)]
    assert {len(values) for values in lists} == {entries}
    assert history["width"] == width
    assert {later - earlier for earlier, later in pairwise(history["times"])} == {width}
    assert sum(history["completed"]) == 7
    assert history["ready"][-1] == 5
    assert history["ready"][0] is None


def test_samples_are_put_together() -> None:
    def sample(at: int, ready: int | None, completed: int, waits: tuple[int, ...]) -> Sample:
        began = datetime.fromtimestamp(at, UTC)
        none = Histogram()
        return Sample(began, ready, 0, 0, None, completed, 1, 0, 0, Histogram(waits), none)

    samples = [sample(100, 1, 5, (0, 2)), sample(110, 2, 6, (0, 2)), sample(150, None, 1, ())]
    history = put_together(samples, 80, 4, 20)
    assert history.times == [80, 100, 120, 140]
    assert history.completed == [0, 11, 0, 1]
    assert history.failed == [0, 2, 0, 1]
    assert history.ready == [None, 2, 2, 2]
    assert history.wait_p50 == [None, Histogram((0, 4)).percentile(0.5), None, None]


async def test_the_same_question_is_asked_once(page: Page, jobs: Jobs) -> None:
    await jobs.create("a")
    answers = await asyncio.gather(*(page.read("/api/jobs") for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    await jobs.create("a")
    assert await page.read("/api/jobs") == answers[0]
    # What somebody does is seen by whoever asks next.
    await page.do("/api/queues/pause", {"name": "x"})
    assert len((await page.read("/api/jobs"))["jobs"]) == 2
