"""What comes from users is text and nothing else, however much of it there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest
from playwright.async_api import expect

from support.visits import address, heading, region, row, rows

if TYPE_CHECKING:
    from playwright.async_api import Page

    from steve import Job
    from support.stage import Stage
    from support.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")

DO = "window.__pwned=document.domain;alert(1)"
TEXTS = (
    f'<img src=x onerror="{DO}">',
    f'"><svg/onload="{DO}">',
    f"javascript:{DO}//",
    f"</script><script>{DO}</script><iframe srcdoc='<script>parent.{DO}</script>'>",
    "{{7*7}} ${7*7} <%= 7*7 %> {{constructor.constructor('alert(1)')()}}",
    "\u202egnp.exe\u2066\u200b\u200d\ufeff\u0000".replace("\0", "") + " & < > ' \" `",
)
MISLEADING = {ord(char): f"\\u{ord(char):04x}" for char in "\u202e\u2066\u200b\ufeff"}
BREACHES = """() => ({
    pwned: window.__pwned ?? null,
    elements: [...document.querySelectorAll(
        "script:not([src^='./assets/']), iframe, object, embed, base, meta[http-equiv], "
        + "img:not(.brand img), [onerror], [onload], [srcdoc], form[action], "
        + "a[href^='javascript' i], a[href^='data' i], [src^='javascript' i]"
    )].map((each) => each.outerHTML.slice(0, 200)),
    foreign: performance.getEntriesByType("resource").map((each) => each.name)
        .filter((name) => !name.startsWith(location.origin + "/")),
})"""
CLEAN = {"pwned": None, "elements": [], "foreign": []}


async def unharmed(page: Page) -> None:
    assert await page.evaluate(BREACHES) == CLEAN


@pytest.mark.parametrize("text", TEXTS, ids=["img", "svg", "url", "script", "template", "unseen"])
async def test_a_text_is_a_text(stage: Stage, visit: Visits, text: str) -> None:
    visit.expect("404", "400")  # for addresses that are such texts
    given: dict[str, Any] = {
        "payload": {text: text, "list": [text, {text: None}], "error": text},
        "tags": [text], "meta": {text: text},
    }  # fmt: skip
    log, progress = {"log": ["error", text]}, {"progress": [0.5, text]}
    failed = await stage.ended(text, log, progress, {"fail": text}, max_attempts=1, **given)
    done = await stage.ended(text, log, {"return": {text: [text]}}, **given)
    cue = stage.name("hostile")
    running = await stage.create(text, progress, log, {"hold": cue}, **given)
    waiting = await stage.create(text, queue=text, **given)
    await stage.become(running.uid, "running")
    await stage.sql("update steve.worker set name = %s, host = %s", text, text)
    await stage.sql("update steve.job_archive set result = to_jsonb(%s::text)", text)
    await stage.sql(
        "insert into steve.queue (name, paused_at, paused_by) values (%s, now(), %s)", text, text
    )
    try:
        await look_everywhere(visit, text, failed, done, running, waiting)
    finally:
        stage.cue(cue)
        await stage.sql("update steve.worker set name = 'worker', host = 'here'")
        await stage.sql("delete from steve.queue where name = %s", text)
        await stage.jobs.delete(waiting)


async def look_everywhere(visit: Visits, text: str, *jobs: Job) -> None:
    page = await visit(address("jobs", type=text))
    for job in jobs:
        await expect(row(page, job)).to_be_visible()
    await page.get_by_role("button", name="Columns", exact=True).click()
    for column in ("Queue", "Error", "Tags", "Worker", "Payload"):
        await page.get_by_role("checkbox", name=column, exact=True).check()
    cell = row(page, jobs[0]).locator("[data-column=type]")
    assert await cell.evaluate("(cell) => cell.textContent") == text.translate(MISLEADING)
    await unharmed(page)
    for job in jobs:
        await page.goto(f"{visit.url}#/job/{job.uid}")
        title = page.get_by_role("heading", level=1)
        await expect(region(page, "Payload")).to_be_visible()
        shown = await title.evaluate("(title) => title.textContent")
        assert shown == text.translate(MISLEADING)
        await expect(page.locator(".json-line").nth(3)).to_be_visible()
        await unharmed(page)
    for at, there in (
        ("overview", "canvas"), ("queues", "[data-testid=queue-row]"),
        ("workers", "[aria-label='Running jobs']"), ("errors", "[data-testid=error-group]"),
        (f"queues/{quote(text, safe='')}", "canvas"),
        (f"job/{quote(text, safe='')}", "[role=alert], .empty"), (quote(text, safe=""), ".empty"),
        (address("jobs", path=text), "[role=alert], .list-note, .empty"),
        (address("jobs", tag=text, error=text, queue=text, fingerprint=text, sort=text), "main"),
        (address("jobs", since=text, until=text, status=text), "main"),
        (text, "main"),
    ):  # fmt: skip
        await page.goto(f"{visit.url}#/{at}")
        await expect(page.locator(there).first).to_be_visible()
        await unharmed(page)


async def test_megabytes_of_text(stage: Stage, visit: Visits) -> None:
    type, text = stage.name("megabyte"), TEXTS[0] * 20_000
    log, progress = {"log": ["error", TEXTS[0] * 7_000]}, {"progress": [0.5, TEXTS[0] * 7_000]}
    job = await stage.ended(type, log, progress, {"fail": "$"}, max_attempts=1)
    await stage.sql(
        """
        update steve.job_archive set payload = jsonb_build_object('text', %s::text),
            result = jsonb_build_object('text', %s::text), error = jsonb_set(error, '{message}',
            to_jsonb(%s::text))
        where uid = %s
        """,
        text, text, text, job.uid,
    )  # fmt: skip
    await stage.sql(
        """
        update steve.attempt set error_message = %s,
            error_details = jsonb_set(error_details, '{traceback}', to_jsonb(%s::text))
        where job_id = %s
        """,
        text, text, job.id,
    )  # fmt: skip
    page = await visit(f"job/{job.uid}")
    await expect(region(page, "Payload")).to_contain_text("<img src=x")
    await expect(page.get_by_role("log")).to_contain_text("<img src=x")
    await unharmed(page)
    await usable(page)
    await page.goto(f"{visit.url}#/{address('jobs', type=type)}")
    await expect(row(page, job)).to_be_visible()
    await page.goto(f"{visit.url}#/errors")
    await expect(page.get_by_test_id("error-group").filter(has_text=type)).to_be_visible()
    await unharmed(page)


async def usable(page: Page) -> None:
    """The page answers: to its theme's key, and by going elsewhere."""
    await page.keyboard.press("t")
    await expect(page.get_by_role("button", name="Colours: light")).to_be_visible()
    await page.get_by_role("button", name="Colours: light").click()
    await page.get_by_role("button", name="Colours: dark").click()
    await page.keyboard.press("g")
    await page.keyboard.press("q")
    await expect(heading(page, "Queues")).to_be_visible()


async def deep(stage: Stage, type: str) -> Job:
    """A job whose payload is as deep as PostgreSQL takes it."""
    job = await stage.ended(type)
    query = "update steve.job_archive set payload = (repeat('[', %s) || repeat(']', %s))::jsonb"
    for depth in (100_000, 50_000, 20_000, 10_000, 5_000, 2_000):
        try:
            await stage.sql(query + " where uid = %s", depth, depth, job.uid)
        except psycopg.errors.StatementTooComplex:
            continue
        return job
    raise AssertionError("not even a little depth is taken")


BOMBS = {
    "numbers": "jsonb_build_object('n', repeat('7', 5000)::numeric, "
    "'many', (select jsonb_agg(repeat('7', 500)::numeric) from generate_series(1, 500)))",
    "array": "(select jsonb_agg(n) from generate_series(1, 100000) as n)",
    "objects": "(select jsonb_object_agg('key ' || n, jsonb_build_array(n)) "
    "from generate_series(1, 20000) as n)",
    "string": "to_jsonb(repeat('\"\\', 500000))",
}


@pytest.mark.parametrize("bomb", ["depth", *BOMBS])
async def test_bombs_do_not_go_off(stage: Stage, visit: Visits, bomb: str) -> None:
    type = stage.name("bomb")
    if bomb == "depth":
        job = await deep(stage, type)
    else:
        job = await stage.ended(type)
        query = f"update steve.job_archive set payload = {BOMBS[bomb]} where uid = %s"
        await stage.sql(query, job.uid)
    page = await visit(f"job/{job.uid}")
    payload = region(page, "Payload")
    await expect(payload.locator(".json-line").first).to_be_visible()
    for _ in range(3):
        closed = payload.locator(".json-branch[aria-expanded=false]")
        if await closed.count():
            await closed.last.click()
    assert await payload.locator(".json-line").count() < 1000
    await usable(page)
    # Others are shown beside it.
    other = await stage.ended(type)
    await page.goto(f"{visit.url}#/{address('jobs', type=type)}")
    await expect(row(page, other)).to_be_visible()
    await expect(rows(page)).to_have_count(2)
