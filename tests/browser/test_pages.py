"""What the pages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from support.databases import Databases
from support.stage import running
from support.visits import address, heading, region, row, rows, turn_to

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from support.stage import Stage
    from support.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = ("Overview", "Jobs", "Queues", "Workers", "Errors")


@pytest.fixture
def empty(databases: Databases, migrated_template: str) -> Iterator[str]:
    """The address of a monitor with nothing to show."""
    with (
        databases.temporary(migrated_template) as dsn,
        running(dsn, "monitor", "--port", "0", "--title", "Kiln & Clay") as process,
    ):
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]


def chart(page: Page, title: str) -> Locator:
    return page.get_by_role("figure", name=re.compile(f"^{title}")).locator("canvas")


async def test_the_overview(stage: Stage, visit: Visits) -> None:
    await stage.ended(stage.name("seen"), queue="side")
    page = await visit()
    await expect(heading(page, "Overview")).to_be_visible()
    names = ["Completed / s", "Failed / s", "Running", "Ready", "Oldest ready", "Scheduled"]
    await expect(page.locator(".tile dt")).to_have_text(names)
    await expect(region(page, "Queues").get_by_role("link", name="side")).to_be_visible()
    await expect(region(page, "Workers").locator("tbody tr")).to_have_count(1)
    await expect(page.get_by_text("All checks pass")).to_be_visible()
    for title in ("Completed per second", "Failed per second", "Time until the start", "Depth"):
        await expect(chart(page, title)).to_be_visible()
    ranges = page.get_by_role("group", name="Range")
    for text in ("1h", "6h", "24h", "7d", "5m"):
        await ranges.get_by_role("button", name=text, exact=True).click()
        chosen = ranges.get_by_role("button", name=text, exact=True)
        await expect(chosen).to_have_attribute("aria-pressed", "true")
        await expect(chart(page, "Completed per second")).to_be_visible()


async def test_the_page_of_a_job(stage: Stage, visit: Visits) -> None:
    type = stage.name("told")
    job = await stage.failed(
        type, "no kiln is free", payload={"pots": [1, 2], "glaze": "celadon"}, tags=["blue"]
    )
    page = await visit(f"job/{job.uid}")
    error = region(page, "Error")
    await expect(error).to_contain_text("no kiln is free")
    frame = error.locator(".frame[data-own=true]").last
    await expect(frame).to_contain_text("play")
    await expect(frame).to_contain_text('raise failure(job.payload.get("error"')
    payload = region(page, "Payload")
    await expect(payload).to_contain_text('glaze: "celadon"')
    await expect(payload.get_by_role("button", name=re.compile("^pots"))).to_be_visible()
    await expect(region(page, "Facts")).to_contain_text("blue")
    await expect(region(page, "Timeline").get_by_role("listitem")).to_have_count(2)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await error.get_by_role("button", name="Copy the error").click()
    await expect(error.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Traceback")
    assert copied.rstrip().endswith("ValueError: no kiln is free")
    await error.get_by_role("link", name="Others like it").click()
    await expect(page).to_have_url(re.compile("fingerprint="))
    await expect(row(page, job)).to_be_visible()


async def test_a_payload_is_downloaded_whole(stage: Stage, visit: Visits) -> None:
    type = stage.name("large")
    job = await stage.ended(type, payload={"text": "x" * 400_000})
    page = await visit(f"job/{job.uid}")
    async with page.expect_download() as download:
        await region(page, "Payload").get_by_role("link").click()
    path = await (await download.value).path()
    assert path.stat().st_size > 400_000


async def test_from_page_to_page(visit: Visits) -> None:
    page = await visit()
    for name in PAGES[1:]:
        await turn_to(page, name)
        await expect(page).to_have_title(f"{name} · steve")
    await page.go_back()
    await expect(heading(page, "Workers")).to_be_visible()
    await page.goto(f"{visit.url}#/nonsense")
    await page.get_by_role("link", name="Go to the overview").click()
    await expect(heading(page, "Overview")).to_be_visible()


async def test_a_queue_has_a_course(stage: Stage, visit: Visits) -> None:
    await stage.ended(stage.name("course"), queue="side")
    page = await visit("queues")
    await page.locator("[data-queue=side]").get_by_role("link", name="side").click()
    await expect(chart(page, "Depth")).to_be_visible()
    await page.locator("[data-queue=side] [data-unit=ready] a").click()
    await expect(page).to_have_url(re.compile(r"#/jobs\?status=pending&queue=side"))


async def test_a_worker(stage: Stage, visit: Visits) -> None:
    ((pid,),) = await stage.sql("select pid from steve.worker where died_at is null")
    page = await visit("workers")
    card = page.get_by_test_id("worker")
    await expect(card).to_contain_text(f"pid {pid}")
    for text in ("/ 20", "default, side, other", "MB", "left"):
        await expect(card).to_contain_text(text)


async def test_errors_are_grouped(stage: Stage, visit: Visits) -> None:
    type = stage.name("grouped")
    for number in range(2):
        await stage.failed(type, f"parcel {number} is lost")
    job = await stage.failed(type, "a key", payload={"error": "KeyError"})
    page = await visit("errors")
    groups = page.get_by_test_id("error-group").filter(has_text=f"in {type}")
    await expect(groups).to_have_count(2)
    lost = groups.filter(has_text="parcel 1 is lost")
    await expect(lost.locator(".error-count b")).to_have_text("2")
    await groups.filter(has_text="KeyError").get_by_role("link", name="latest job").click()
    await expect(page.get_by_text(str(job.uid)).first).to_be_visible()
    await page.go_back()
    await lost.get_by_role("link", name=re.compile("ValueError")).click()
    await expect(rows(page)).to_have_count(2)
    await expect(page.get_by_role("button", name="Status: failed")).to_have_count(0)


async def test_what_is_empty_says_how_to_fill_it(empty: str, visit: Visits) -> None:
    page = await visit(url=empty)
    await expect(page).to_have_title("Overview · Kiln & Clay")
    for name, title, code in (
        ("Jobs", "No jobs yet", "jobs.create("),
        ("Queues", "No queues yet", "queue="),
        ("Workers", "No worker is running", "steve worker"),
        ("Errors", "Nothing has failed", "jobs.errors("),
    ):
        await turn_to(page, name)
        await expect(page.get_by_text(title)).to_be_visible()
        await expect(page.locator("main code")).to_contain_text(code)
    await page.goto(f"{empty}#/{address('jobs', type='none')}")
    await page.get_by_role("button", name="Show all jobs").click()
    await expect(page.get_by_text("No jobs yet")).to_be_visible()


async def test_times_are_those_of_the_viewer(stage: Stage, visit: Visits) -> None:
    job = await stage.ended(stage.name("when"))
    await stage.sql(
        "update steve.job_archive set started_at = '2026-01-02 23:30:00+00' where uid = %s",
        job.uid,
    )
    page = await visit(f"job/{job.uid}", timezone_id="Asia/Tokyo")
    started = region(page, "Facts").locator("time[datetime^='2026-01-02']")
    await expect(started).to_have_attribute("title", re.compile("2026-01-03 08:30:00"))
    await page.get_by_role("button", name="Times: ages").click()
    await expect(started).to_contain_text("08:30")
    await page.reload()
    await expect(started).to_contain_text("08:30")
