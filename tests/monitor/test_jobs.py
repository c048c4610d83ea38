"""Lists of jobs, and everything about one."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest

from monitor.conftest import Connection
from steve import Job, Jobs
from steve.monitor.api import jobs as api
from support.monitor import Page, fail, problem

pytestmark = pytest.mark.any_postgres


async def uids(page: Page, **parameters: Any) -> list[str]:
    return [job["uid"] for job in (await page.read("/api/jobs", **parameters))["jobs"]]


async def test_a_row_says_how_a_job_is_doing(page: Page, failed: Job) -> None:
    (row,) = (await page.read("/api/jobs"))["jobs"]
    assert row["uid"] == str(failed.uid)
    assert (row["type"], row["queue"], row["status"]) == ("bad", "default", "failed")
    assert (row["attempts"], row["max_attempts"]) == (1, 1)
    assert row["error"] == {"type": "ValueError", "message": "it never works"}
    assert row["preview"] == '{"n": 1}'
    assert row["created_at"].endswith("Z")
    assert 0 <= row["duration"] < 10


async def test_each_filter_filters(page: Page, jobs: Jobs) -> None:
    one = await jobs.create("a", {"user": {"id": 7}}, queue="mail", tags=["red"])
    two = await jobs.create("b", {"user": {"id": 8}}, tags=["blue"])
    three = await fail(jobs, payload={"says": "50% of_all"})
    found = {
        "status=failed": [three],
        "status=pending&status=failed": [three, two, one],
        "type=a&type=b": [two, one],
        "queue=mail": [one],
        "tag=blue": [two],
        "error=0%25+OF_a": [three],
        "error=valueerror": [three],
        "error=50%25_": [],
        "path=%24.user.id+%3F+%28%40+%3E+7%29": [two],
        "path=%24.nothing": [],
        "sort=oldest": [one, two, three],
        "sort=finished": [three],
        "limit=1": [three],
        "status=failed&type=a": [],
    }
    for query, expected in found.items():
        answer = (await page.get(f"/api/jobs?{query}")).json()
        assert [job["uid"] for job in answer["jobs"]] == [str(job.uid) for job in expected], query
    (row,) = (await page.read("/api/jobs", status="failed"))["jobs"]
    detail = await page.read(f"/api/jobs/{three.uid}")
    assert await uids(page, fingerprint=detail["fingerprint"]) == [row["uid"]]


async def test_the_time_of_creation_limits(page: Page, jobs: Jobs) -> None:
    job = await jobs.create("a")
    moment = timedelta(seconds=1)
    for parameters, found in (
        ({"since": job.created_at - moment}, 1),
        ({"since": job.created_at + moment}, 0),
        ({"until": job.created_at + moment}, 1),
        ({"until": job.created_at - moment}, 0),
    ):
        given = {name: time.isoformat() for name, time in parameters.items()}
        assert len(await uids(page, **given)) == found
    for given in ({"since": "0001-01-01T00:00:00Z"}, {"until": "9999-12-31T23:59:59Z"}):
        assert len(await uids(page, **given)) == 1


@pytest.mark.parametrize("sort", ["newest", "oldest", "finished"])
async def test_a_cursor_goes_on_where_a_page_ended(page: Page, jobs: Jobs, sort: str) -> None:
    await fail(jobs, count=5)
    seen: list[str] = []
    after: dict[str, str] = {}
    answer: Any = None
    for _ in range(3):
        answer = await page.read("/api/jobs", sort=sort, limit=2, **after)
        seen += [job["uid"] for job in answer["jobs"]]
        after = {"after": answer["next"]}
    assert len(seen) == len(set(seen)) == 5
    assert (answer["next"], answer["complete"]) == (None, True)
    if sort != "finished":
        assert seen == sorted(seen, reverse=sort == "newest")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "limit=1&limit=2", "status=nope", "nope=1", "sort=id",
        "since=yesterday", "since=2026-01-01T00:00:00", "since=5", "after=nope", "tag=", "type=%00",
        "path=nope(", "path=%24%5B", "tag=" + "x" * 256,
        "sort=finished&after=1-9223372036854775808",
    ],
)  # fmt: skip
async def test_nonsense_is_refused_in_words(page: Page, query: str) -> None:
    answer = await page.get(f"/api/jobs?{query}")
    assert answer.status_code == 400
    assert len(problem(answer)) > 10
    assert "select" not in problem(answer).lower()


async def test_a_path_that_goes_on_for_ever_is_given_up(
    page: Page, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PATH_SECONDS", 0.2)
    nested: Any = 1
    for _ in range(60):
        nested = {"a": nested, "b": {"c": 1}}
    await jobs.create("deep", nested)
    path = "$" + ".**" * 10 + " ? (@ == 2)"
    async with asyncio.timeout(5):
        for way in ("jobs", "jobs/count"):
            answer = await page.get(f"/api/{way}", params={"path": path})
            assert (answer.status_code, "too long" in problem(answer)) == (503, True)
        act = {"action": "delete", "filter": {"path": path}}
        assert (await page.post("/api/jobs/act", act)).status_code == 503


async def test_a_stretch_is_counted(page: Page, jobs: Jobs) -> None:
    await jobs.create_many([("a", {"n": n}) for n in range(30)])
    assert await page.read("/api/jobs/count") == {"count": 30, "next": None}
    path = "$.n ? (@ < 12)"
    assert await page.read("/api/jobs/count", path=path) == {"count": 12, "next": None}


async def test_everything_about_a_job(page: Page, jobs: Jobs, connection: Connection) -> None:
    job = await fail(jobs, tags=["red"], meta={"by": "ada"}, timeout=9.0)
    detail = await page.read(f"/api/jobs/{job.uid}")
    assert detail["job"]["uid"] == str(job.uid)
    assert detail["payload"] == {"text": '{"n": 1}', "bytes": 8, "cut": False, "hidden": None}
    assert detail["meta"]["text"] == '{"by": "ada"}'
    assert (detail["unique_key"], detail["timeout"], detail["result"]) == (None, 9.0, None)
    assert detail["actions"] == ["retry", "delete"]
    (attempt,) = detail["attempts"]
    assert (attempt["number"], attempt["status"]) == (1, "error")
    assert attempt["error"] == {"type": "ValueError", "message": "it never works"}
    assert "Traceback (most recent call last)" in attempt["traceback"]
    assert attempt["duration"] >= 0


async def test_what_can_be_done_depends_on_the_status(page: Page, jobs: Jobs) -> None:
    async def good(job: Job) -> str:
        return "done"

    jobs.set_handler("good", good)
    waits, done = await jobs.create("waits"), await jobs.create("good")
    await jobs.start(1)
    await jobs.wait(done, timeout=10)
    assert (await page.read(f"/api/jobs/{done.uid}"))["actions"] == ["delete"]
    assert (await page.read(f"/api/jobs/{waits.uid}"))["actions"] == ["cancel", "delete"]
    answer = await page.get(f"/api/jobs/{done.uid}/result")
    assert answer.json() == "done"
    assert answer.headers["content-disposition"].startswith("attachment; ")


async def test_there_is_no_such_job(page: Page) -> None:
    for what in ("", "/payload", "/result"):
        answer = await page.get(f"/api/jobs/{uuid.uuid4()}{what}")
        assert answer.status_code == 404
        assert "there is no" in problem(answer)
    assert (await page.read(f"/api/jobs/{uuid.uuid4()}/log"))["lines"] == []
    assert (await page.get("/api/jobs/nonsense")).status_code == 404


async def test_lines_of_a_log_come_in_parts(
    page: Page, failed: Job, connection: Connection
) -> None:
    for number in range(5):
        await connection.execute(
            "insert into steve.log values (nextval('steve.log_id'), %s, 1, now(), 20, %s)",
            (failed.id, f"line {number}"),
        )
    path = f"/api/jobs/{failed.uid}/log"
    first = await page.read(path, limit=3)
    assert [line["message"] for line in first["lines"]] == ["line 0", "line 1", "line 2"]
    assert first["more"] is True
    rest = await page.read(path, after=first["next"])
    assert [line["message"] for line in rest["lines"]] == ["line 3", "line 4"]
    assert (rest["more"], rest["lines"][0]["level"]) == (False, 20)
    assert (await page.read(path, after=rest["next"]))["next"] == rest["next"]
    assert (await page.read("/api/jobs"))["jobs"][0]["log_id"] is None
