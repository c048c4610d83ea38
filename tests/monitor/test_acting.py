"""What viewers do, and the record of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from monitor.conftest import Connection
from steve import Job, Jobs
from support.monitor import Page, fail, problem

pytestmark = pytest.mark.any_postgres


async def record(page: Page) -> list[tuple[str, str, str, int]]:
    actions = (await page.read("/api/actions"))["actions"]
    return [(each["actor"], each["action"], each["target"], each["changed"]) for each in actions]


async def test_jobs_are_cancelled_by_name(page: Page, jobs: Jobs) -> None:
    seen: list[Job] = []
    jobs.on_done("*", seen.append)
    job, other = await jobs.create("a"), await jobs.create("a")
    body = {"action": "cancel", "uids": [str(job.uid)]}
    assert await page.do("/api/jobs/act", body) == {
        "changed": [str(job.uid)], "missed": [], "next": None
    }  # fmt: skip
    assert (await page.do("/api/jobs/act", body))["missed"] == [str(job.uid)]
    assert (await page.read(f"/api/jobs/{job.uid}"))["job"]["status"] == "cancelled"
    assert (await page.read(f"/api/jobs/{job.uid}"))["actor"] == "local"
    assert (await page.read(f"/api/jobs/{other.uid}"))["job"]["status"] == "pending"
    assert [each.uid for each in seen] == [job.uid]
    assert await record(page) == [
        ("local", "cancel", str(job.uid), 0),
        ("local", "cancel", str(job.uid), 1),
    ]


async def test_jobs_are_retried_and_deleted(page: Page, failed: Job) -> None:
    uids = [str(failed.uid)]
    await page.do("/api/jobs/act", {"action": "retry", "uids": uids})
    assert (await page.read(f"/api/jobs/{failed.uid}"))["job"]["status"] == "pending"
    await page.do("/api/jobs/act", {"action": "delete", "uids": uids})
    assert (await page.get(f"/api/jobs/{failed.uid}")).status_code == 404


async def test_a_running_job_is_cancelled_and_not_deleted(page: Page, jobs: Jobs) -> None:
    begun = asyncio.Event()

    async def slow(job: Job) -> None:
        begun.set()
        await asyncio.sleep(60)

    jobs.set_handler("slow", slow)
    job = await jobs.create("slow")
    await jobs.start(1)
    await begun.wait()
    answer = await page.do("/api/jobs/act", {"action": "delete", "uids": [str(job.uid)]})
    assert answer == {"changed": [], "missed": [str(job.uid)], "next": None}
    await page.do("/api/jobs/act", {"action": "cancel", "uids": [str(job.uid)]})
    assert (await jobs.wait(job, timeout=10)).status == "cancelled"


async def test_a_filter_is_done_in_stretches(page: Page, jobs: Jobs) -> None:
    await jobs.create_many([("a", {"n": n}) for n in range(1203)])
    await jobs.create_many([("b", {})] * 3)
    body: dict[str, Any] = {"action": "cancel", "filter": {"type": ["a"]}}
    sizes: list[int] = []
    while True:
        answer = await page.do("/api/jobs/act", body)
        sizes.append(len(answer["changed"]))
        if answer["next"] is None:
            break
        body["after"] = answer["next"]
    assert sizes == [500, 500, 203]
    assert (await page.read("/api/jobs/count", status="cancelled"))["count"] == 1203
    assert (await page.read("/api/jobs/count", status="pending"))["count"] == 3
    assert await record(page) == [
        ("local", "cancel", "jobs with type a", size) for size in (203, 500, 500)
    ]


async def test_a_filter_leaves_what_the_action_is_not_for(page: Page, jobs: Jobs) -> None:
    await fail(jobs)
    await jobs.create("a")
    assert len((await page.do("/api/jobs/act", {"action": "retry", "filter": {}}))["changed"]) == 1
    wrong = {"action": "retry", "filter": {"status": ["completed", "running"]}}
    assert (await page.do("/api/jobs/act", wrong))["changed"] == []
    assert len((await page.do("/api/jobs/act", {"action": "delete", "filter": {}}))["changed"]) == 2
    assert (await record(page))[0] == ("local", "delete", "all jobs", 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/jobs/act", {"action": "retry"}),
        ("/api/jobs/act", {"action": "retry", "uids": ["x"]}),
        ("/api/jobs/act", {"action": "explode", "filter": {}}),
        ("/api/jobs/act", {"action": "retry", "filter": {"path": "nope("}}),
        ("/api/jobs/act", {"action": "retry", "filter": {}, "after": "nope"}),
        ("/api/jobs/act", {"action": "retry", "filter": {"nope": 1}}),
        ("/api/jobs/act", []),
        ("/api/queues/pause", {"name": ""}),
        ("/api/queues/pause", {"name": "a", "seconds": 0}),
        ("/api/workers/stop", {"id": 2**63}),
    ],
)
async def test_nonsense_does_nothing(page: Page, path: str, body: Any) -> None:
    answer = await page.post(path, body)
    assert (answer.status_code, len(problem(answer)) > 10) == (400, True)
    assert await record(page) == []


async def test_broken_and_endless_bodies_are_refused(page: Page) -> None:
    await page.post("/api/watch", {})
    headers = {"x-steve-token": page.token, "content-type": "application/json"}
    for body, status in {
        b"{": 400, b"\xff": 400, b"[" * 100_000: 400, b" " * 1_048_577: 413,
        b'{"action":"retry","uids":["' + b"x" * 2_000_000 + b'"]}': 413,
    }.items():  # fmt: skip
        answer = await page.http.post("/api/jobs/act", content=body, headers=headers)
        assert answer.status_code == status


async def test_queues_are_paused_and_resumed(page: Page, jobs: Jobs) -> None:
    await page.do("/api/queues/pause", {"name": "mail", "seconds": 60})
    (queue,) = await jobs.queues.list()
    assert (queue.paused, queue.paused_by) == (True, "local")
    assert queue.paused_until is not None
    assert await page.do("/api/queues/resume", {"name": "mail"}) == {"done": True}
    assert await page.do("/api/queues/resume", {"name": "mail"}) == {"done": False}
    assert [each[1:] for each in await record(page)] == [
        ("resume", "queue mail", 0), ("resume", "queue mail", 1), ("pause", "queue mail", 1)
    ]  # fmt: skip


async def test_a_worker_that_is_not_there_is_not_stopped(page: Page) -> None:
    assert await page.do("/api/workers/stop", {"id": 12345}) == {"done": False}


async def test_what_is_not_recorded_is_not_done(
    page: Page, failed: Job, connection: Connection
) -> None:
    await connection.execute(
        "alter table steve.action add constraint never check (false) not valid"
    )
    try:
        answer = await page.post("/api/jobs/act", {"action": "retry", "uids": [str(failed.uid)]})
        assert (answer.status_code, "log" in problem(answer)) == (500, True)
    finally:
        await connection.execute("alter table steve.action drop constraint never")
    assert (await page.read(f"/api/jobs/{failed.uid}"))["job"]["status"] == "failed"
