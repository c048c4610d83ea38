"""What happens on a page by itself while somebody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from support.network import unused_port
from support.visits import address, region, row, rows, select, toolbar

if TYPE_CHECKING:
    from playwright.async_api import Page

    from support.stage import Stage
    from support.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def mark(page: Page) -> None:
    """Leave a mark on a page that is gone once it is loaded again."""
    await page.evaluate("window.same = true")


async def same(page: Page) -> None:
    assert await page.evaluate("window.same")


async def test_a_row_goes_from_pending_to_completed_in_its_place(
    stage: Stage, visit: Visits
) -> None:
    type, cue = stage.name("course"), stage.name("cue")
    await stage.later(type, 2)
    job = await stage.create(type, {"hold": cue}, {"progress": [0.5, "half"]}, {"hold": f"{cue}-2"})
    (last,) = await stage.later(type)
    # It is in the hands of the worker already: look at one that waits, too.
    page = await visit(address("jobs", type=type))
    await mark(page)
    await expect(row(page, job)).to_have_attribute("data-status", "running")
    stage.cue(cue)
    bar = row(page, job).get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", "50")
    stage.cue(f"{cue}-2")
    await expect(row(page, job)).to_have_attribute("data-status", "completed")
    await expect(row(page, job).locator("[data-column=completed]")).to_contain_text("s")
    uids = [await each.get_attribute("data-uid") for each in await rows(page).all()]
    assert uids[:2] == [str(last.uid), str(job.uid)]
    await same(page)


async def test_a_job_that_waits_is_started_on_the_screen(stage: Stage, visit: Visits) -> None:
    type = stage.name("waits")
    await stage.jobs.queues.pause("other")
    job = await stage.create(type, {"hold": type}, queue="other")
    page = await visit("jobs")
    await expect(row(page, job)).to_have_attribute("data-status", "pending")
    await stage.jobs.queues.resume("other")
    await expect(row(page, job)).to_have_attribute("data-status", "running")
    stage.cue(type)
    await expect(row(page, job)).to_have_attribute("data-status", "completed")


async def test_a_new_job_comes_in_at_the_top(stage: Stage, visit: Visits) -> None:
    page = await visit("jobs")
    for _ in range(2):
        (job,) = await stage.later(stage.name("new"))
        await expect(rows(page).first).to_have_attribute("data-uid", str(job.uid))


async def test_rows_stay_while_some_are_selected(stage: Stage, visit: Visits) -> None:
    (old,) = await stage.later(stage.name("old"))
    page = await visit("jobs")
    await select(page, old)
    (job, *_) = await stage.later(stage.name("meanwhile"), 3)
    pill = page.get_by_role("button", name="3 new", exact=True)
    await expect(pill).to_be_visible()
    await expect(rows(page).first).to_have_attribute("data-uid", str(old.uid))
    await expect(row(page, job)).to_have_count(0)
    # What is done to those that are shown is seen all the same.
    await stage.jobs.cancel(old)
    await expect(row(page, old)).to_have_attribute("data-status", "cancelled")
    await pill.click()
    await expect(row(page, job)).to_be_visible()
    await expect(pill).to_have_count(0)
    await expect(toolbar(page)).to_contain_text("1 job selected")


async def test_a_range_goes_through_what_has_come_since(stage: Stage, visit: Visits) -> None:
    type = stage.name("range")
    (old,) = await stage.later(type)
    page = await visit(address("jobs", type=type))
    await expect(row(page, old)).to_be_visible()
    new = (await stage.later(type, 3))[-1]
    await expect(rows(page)).to_have_count(4)
    await row(page, new).get_by_role("checkbox").check()
    await row(page, old).get_by_role("checkbox").click(modifiers=["Shift"])
    await expect(toolbar(page)).to_contain_text("4 jobs selected")


async def test_a_list_that_is_filtered_takes_in_what_matches(stage: Stage, visit: Visits) -> None:
    type = stage.name("filtered")
    page = await visit(address("jobs", type=type))
    await expect(page.get_by_text("No job matches")).to_be_visible()
    (job,) = await stage.later(type)
    await stage.later(stage.name("unwanted"))
    await expect(row(page, job)).to_be_visible()
    await expect(rows(page)).to_have_count(1)


async def test_a_job_that_runs_is_followed(stage: Stage, visit: Visits) -> None:
    cue = stage.name("followed")
    job = await stage.create(
        cue,
        {"log": ["info", "weighing 3 parcels"]}, {"progress": [0.25, "first of 4"]},
        {"hold": f"{cue}-1"},
        {"log": ["warning", "parcel 2 is heavy"]}, {"progress": [0.75, "third of 4"]},
        {"hold": f"{cue}-2"},
        {"return": {"weight": 17}},
    )  # fmt: skip
    page = await visit(f"job/{job.uid}")
    await mark(page)
    log = page.get_by_role("log")
    bar = page.get_by_role("progressbar", name="Progress of the job")
    await expect(bar).to_have_attribute("aria-valuenow", "25")
    await expect(page.get_by_text("first of 4")).to_be_visible()
    await expect(log).to_contain_text("weighing 3 parcels")
    stage.cue(f"{cue}-1")
    await expect(bar).to_have_attribute("aria-valuenow", "75")
    await expect(log.locator("[data-level=warning]")).to_contain_text("parcel 2 is heavy")
    stage.cue(f"{cue}-2")
    await expect(page.locator(".job-head .status")).to_have_text("completed")
    await expect(region(page, "Result")).to_contain_text("17")
    await expect(bar).to_have_count(0)
    await same(page)


async def test_a_worker_says_what_it_runs(stage: Stage, visit: Visits) -> None:
    cue = stage.name("shown")
    page = await visit("workers")
    job = await stage.create(cue, {"progress": [0.5, "halfway"]}, {"hold": cue})
    jobs = page.get_by_role("list", name="Running jobs")
    link = jobs.get_by_role("link", name=cue)
    await expect(link).to_be_visible()
    await expect(jobs.get_by_role("listitem").filter(has_text=cue)).to_contain_text("halfway")
    stage.cue(cue)
    await stage.become(job.uid, "completed")
    await expect(link).to_have_count(0)


async def test_numbers_move_on_the_overview(stage: Stage, visit: Visits) -> None:
    page = await visit("overview")
    cue = stage.name("counted")
    tile = page.locator(".tile").filter(has_text="Running")
    before = int(await tile.locator("dd").inner_text())
    jobs = [await stage.create(cue, {"hold": cue}) for _ in range(3)]
    await expect(tile.locator("dd")).to_have_text(str(before + 3))
    stage.cue(cue)
    for job in jobs:
        await stage.become(job.uid, "completed")
    await expect(tile.locator("dd")).to_have_text(str(before))
    rate = page.locator(".tile").filter(has_text="Completed / s").locator("dd")
    await expect(rate).not_to_have_text("0")


async def test_a_stream_that_breaks_comes_back(stage: Stage, visit: Visits) -> None:
    visit.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE")
    visit.expect("ERR_CONNECTION_RESET")
    port = str(unused_port())
    (job,) = await stage.later(stage.name("before"))
    lost = "The connection is lost"
    with stage.monitor("--port", port, "--actions") as url:
        page = await visit("jobs", url=url)
        await mark(page)
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        await expect(row(page, job)).to_be_visible()
    await expect(page.get_by_text(lost)).to_be_visible()
    await stage.jobs.cancel(job)
    (later,) = await stage.later(stage.name("after"))
    with stage.monitor("--port", port, "--actions"):
        await page.get_by_role("button", name="Try now").click()
        await expect(page.get_by_text(lost)).to_have_count(0)
        await expect(row(page, job)).to_have_attribute("data-status", "cancelled")
        await expect(row(page, later)).to_be_visible()
        # What is done goes to the new server, which knows nothing of the old one's secrets.
        await select(page, later)
        await toolbar(page).get_by_role("button", name="Cancel").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel", exact=True).click()
        await expect(page.get_by_role("dialog", name="1 job cancelled")).to_be_visible()
        await same(page)
