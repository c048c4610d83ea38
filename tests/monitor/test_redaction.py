"""What jobs hold can be kept from viewers, and what no browser can bear is cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.conftest import Connection, Visit
from steve import Job, Jobs
from support.monitor import Page, problem

SECRET = "4111-1111"


async def done(jobs: Jobs, payload: Any, result: Any = None) -> Job:
    async def handler(job: Job) -> Any:
        return result

    jobs.set_handler("pay", handler)
    job = await jobs.create("pay", payload, meta={"card": SECRET})
    await jobs.start(1)
    job = await jobs.wait(job, timeout=10)
    await jobs.stop()
    return job


def mask(type: str, value: Any) -> Any:
    if type == "pay" and isinstance(value, dict) and "card" in value:
        return {**value, "card": "…"}
    return "hidden" if value == "hide me" else value


async def everything(page: Page, job: Job) -> str:
    """All that is said about a job, as text."""
    paths = ["/api/jobs", f"/api/jobs/{job.uid}", f"/api/jobs/{job.uid}/payload"]
    answers = [await page.get(path) for path in [*paths, f"/api/jobs/{job.uid}/result"]]
    return "".join(answer.text for answer in answers)


@pytest.mark.parametrize("redact", ["all", mask, lambda *_: None, lambda *_: 1 / 0])
async def test_nothing_that_is_hidden_is_said(visit: Visit, jobs: Jobs, redact: Any) -> None:
    job = await done(jobs, {"card": SECRET, "for": "Ada"}, {"card": SECRET})
    page = visit(redact=redact)
    assert SECRET in await everything(visit(), job)
    assert SECRET not in await everything(page, job)
    answer = await page.get("/api/jobs", params={"path": '$.card ? (@ starts with "4")'})
    assert (answer.status_code, "does not search" in problem(answer)) == (403, True)
    counted = await page.get("/api/jobs/count", params={"path": "$.card"})
    assert counted.status_code == 403


async def test_a_function_that_fails_is_told_of_once(
    visit: Visit, jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    job = await done(jobs, {"card": SECRET}, None)
    await everything(visit(redact=lambda *_: 1 / 0), job)
    failures = [message for message in caplog.messages if "redact function failed" in message]
    assert len(failures) == 1


async def test_a_filter_of_an_action_does_not_tell_either(visit: Visit, jobs: Jobs) -> None:
    body = {"action": "cancel", "filter": {"path": "$.card"}}
    assert (await visit(redact="all", actions=True).post("/api/jobs/act", body)).status_code == 403


async def test_a_function_says_what_is_shown(visit: Visit, jobs: Jobs) -> None:
    job = await done(jobs, {"card": SECRET, "for": "Ada"}, "hide me")
    page = visit(redact=mask)
    detail = await page.read(f"/api/jobs/{job.uid}")
    assert json.loads(detail["payload"]["text"]) == {"card": "…", "for": "Ada"}
    assert json.loads(detail["meta"]["text"]) == {"card": "…"}
    assert (detail["result"]["text"], bool(detail["result"]["hidden"])) == ("", True)
    assert json.loads(detail["job"]["preview"]) == {"card": "…", "for": "Ada"}
    assert (await page.get(f"/api/jobs/{job.uid}/payload")).json()["card"] == "…"
    assert (await page.get(f"/api/jobs/{job.uid}/result")).status_code == 403


async def test_a_part_of_a_payload_is_not_judged(visit: Visit, jobs: Jobs) -> None:
    job = await done(jobs, {"a": "x" * 300, "card": SECRET})
    assert (await visit(redact=mask).read("/api/jobs"))["jobs"][0]["preview"] == ""
    detail = await visit(redact=mask).read(f"/api/jobs/{job.uid}")
    assert json.loads(detail["payload"]["text"])["card"] == "…"
    job = await done(jobs, {"a": "x" * 300_000, "card": SECRET})
    detail = await visit(redact=mask).read(f"/api/jobs/{job.uid}")
    assert "too large" in detail["payload"]["hidden"]
    assert (await visit(redact=mask).get(f"/api/jobs/{job.uid}/payload")).json()["card"] == "…"


@pytest.mark.parametrize(
    ("payload", "cut"),
    [
        ("[" * 6_000 + "]" * 6_000, False),
        ("[" * 100 + "1" * 5_000 + "]" * 100, False),
        ('"' + "ä" * 900_000 + '"', True),
        ("[" + "0," * 400_000 + "0]", True),
    ],
    ids=["deep", "digits", "long", "wide"],
)
@pytest.mark.parametrize("redact", [None, mask])
async def test_what_is_too_much_is_cut(
    visit: Visit, connection: Connection, payload: str, cut: bool, redact: Any
) -> None:
    await connection.execute("select steve.create_job('bomb', payload => %s::jsonb)", (payload,))
    page = visit(redact=redact)
    (row,) = (await page.read("/api/jobs"))["jobs"]
    assert len(row["preview"]) <= 200
    answer = await page.get(f"/api/jobs/{row['uid']}")
    assert answer.status_code == 200
    assert len(answer.content) < 600_000
    shown = answer.json()["payload"]
    if redact is None:
        assert shown["cut"] is cut
        assert len(shown["text"]) == (262_144 if cut else shown["bytes"])
        whole = await page.get(f"/api/jobs/{row['uid']}/payload")
        assert whole.text.replace(" ", "") == payload


async def test_markup_stays_text(visit: Visit, connection: Connection) -> None:
    markup = "</script><img src=x onerror=alert(1)>"
    await connection.execute("select steve.create_job(%s, queue => %s)", (markup, markup))
    page = visit()
    answer = await page.get("/api/jobs")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["jobs"][0]["type"] == markup
    refused = await page.get("/api/jobs", params={"path": markup})
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/json")
