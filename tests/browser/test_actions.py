"""Each thing that can be done in the monitor, done as people do it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from steve import Backoff
from support.visits import (
    address,
    carried_out,
    confirm,
    row,
    rows,
    select,
    told,
    toolbar,
)  # fmt: skip
from support.waiting import eventually_async

if TYPE_CHECKING:
    from playwright.async_api import Route

    from steve import Job
    from support.stage import Stage
    from support.visits import Visits

HOURLY = Backoff("fixed", factor=3_600)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_retry_of_a_job(stage: Stage, visit: Visits) -> None:
    job = await stage.failed(stage.name("retried"))
    page = await visit(f"job/{job.uid}")
    await page.get_by_role("button", name="Retry").click()
    await confirm(page, "Retry this job?", "Retry")
    await told(page, "The job was retried.")
    # It fails once more, by itself: the page shows the second attempt without being asked to.
    await expect(page.locator(".attempts .status[data-status=error]")).to_have_count(2)
    assert (await stage.become(job.uid, "failed")).attempts == 2


async def test_cancel_of_a_running_job(stage: Stage, visit: Visits) -> None:
    job = await stage.create(stage.name("cancelled"), {"hold": "never"})
    await stage.become(job.uid, "running")
    page = await visit(f"job/{job.uid}")
    await expect(page.locator(".job-head .status")).to_have_text("running")
    await page.get_by_role("button", name="Cancel").click()
    await confirm(page, "Cancel this job?", "Cancel")
    await expect(page.locator(".job-head .status")).to_have_text("cancelled")
    assert (await stage.become(job.uid, "cancelled")).attempts == 1
    await expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


async def test_delete_of_a_job(stage: Stage, visit: Visits) -> None:
    visit.expect("404")
    job = await stage.ended(stage.name("deleted"))
    page = await visit(f"job/{job.uid}")
    await page.get_by_role("button", name="Delete").click()
    await confirm(page, "Delete this job?", "Delete")
    await expect(page.get_by_text("There is no such job")).to_be_visible()
    assert (await stage.jobs.find(job)).job is None


async def test_retry_of_those_selected(stage: Stage, visit: Visits) -> None:
    type = stage.name("several")
    jobs = [await stage.failed(type) for _ in range(4)]
    page = await visit(address("jobs", type=type))
    await select(page, *jobs[:3])
    await expect(toolbar(page)).to_contain_text("3 jobs selected")
    await toolbar(page).get_by_role("button", name="Retry").click()
    await confirm(page, "Retry 3 jobs?", "Retry")
    await carried_out(page, "3 jobs retried")
    for job in jobs[:3]:
        await expect(row(page, job).locator("[data-column=attempts]")).to_have_text("2 / 2")
    await expect(row(page, jobs[3]).locator("[data-column=attempts]")).to_have_text("1 / 1")


async def test_delete_of_a_range_leaves_out_what_cannot_be(stage: Stage, visit: Visits) -> None:
    type = stage.name("range")
    jobs = [await stage.ended(type) for _ in range(4)]
    running = await stage.create(type, {"hold": type})
    await stage.become(running.uid, "running")
    page = await visit(address("jobs", type=type))
    await row(page, running).get_by_role("checkbox").click()
    await row(page, jobs[1]).get_by_role("checkbox").click(modifiers=["Shift"])
    await expect(toolbar(page)).to_contain_text("4 jobs selected")
    await toolbar(page).get_by_role("button", name="Delete").click()
    await confirm(page, "Delete 3 jobs?", "Delete")
    await carried_out(page, "3 jobs deleted")
    left = await stage.jobs.fetch_all(type=type)
    assert {job.uid for job in left} == {running.uid, jobs[0].uid}
    stage.cue(type)


async def test_cancel_of_all_that_match(stage: Stage, visit: Visits) -> None:
    type = stage.name("many")
    jobs = await stage.later(type, 61)
    await stage.ended(type)
    page = await visit(address("jobs", type=type))
    await page.get_by_role("checkbox", name="Select all rows that are shown").check()
    await expect(toolbar(page)).to_contain_text("50 jobs selected")
    await toolbar(page).get_by_role("button", name="Select all that match").click()
    await toolbar(page).get_by_role("button", name="Cancel").click()
    # The one that has completed cannot be cancelled, and is not counted.
    await confirm(page, "Cancel 61 jobs?", "Cancel")
    await carried_out(page, "61 jobs cancelled")
    for job in (jobs[0], jobs[60]):
        await stage.become(job.uid, "cancelled")


@pytest.mark.parametrize("verb", ["Retry", "Delete"])
async def test_something_done_to_all_that_match(stage: Stage, visit: Visits, verb: str) -> None:
    type = stage.name(verb)
    await stage.jobs.create_many((type, {}, {"delay": 86_400}) for _ in range(55))
    await stage.sql(
        "select steve.cancel_jobs(array(select uid from steve.job where type = %s))", type
    )
    page = await visit(address("jobs", type=type, status="cancelled"))
    await page.get_by_role("checkbox", name="Select all rows that are shown").check()
    await toolbar(page).get_by_role("button", name="Select all that match").click()
    await toolbar(page).get_by_role("button", name=verb).click()
    await confirm(page, f"{verb} 55 jobs?", verb)
    await carried_out(page, f"55 jobs {'retried' if verb == 'Retry' else 'deleted'}")
    query = "select count(*) from steve.jobs where type = %s and status = 'cancelled'"
    assert await stage.sql(query, type) == [(0,)]


async def test_a_double_click_does_not_stop_what_it_begins(stage: Stage, visit: Visits) -> None:
    jobs = await stage.later(stage.name("twice"), 2)
    page = await visit(address("jobs", type=jobs[0].type))
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route("**/api/jobs/act", hold)
    await select(page, *jobs)
    await toolbar(page).get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Cancel", exact=True).dblclick()
    await expect(dialog.get_by_role("button", name="Stop")).to_be_visible()
    go_on.set()
    await expect(dialog.get_by_role("heading")).to_have_text("2 jobs cancelled")
    await expect(dialog.get_by_text("It was stopped")).to_have_count(0)


async def test_pause_and_resume_of_a_queue(stage: Stage, visit: Visits) -> None:
    await stage.ended(stage.name("first"), queue="side")
    page = await visit("queues")
    side = page.locator("[data-queue=side]")
    await side.get_by_role("button", name="Pause").click()
    await confirm(page, "Pause queue side?", "Pause")
    await told(page, "Queue side is paused.")
    await expect(side).to_contain_text("paused by local")
    job = await stage.create(stage.name("waits"), queue="side")
    await expect(side.locator("[data-unit=ready]")).to_have_text("1")
    assert (await stage.become(job.uid, "pending")).attempts == 0
    await side.get_by_role("button", name="Resume").click()
    await told(page, "Queue side is open again.")
    await stage.become(job.uid, "completed")
    await expect(side.get_by_role("button", name="Pause")).to_be_visible()


async def test_stop_of_a_worker(stage: Stage, visit: Visits) -> None:
    with stage.worker() as process:
        page = await visit("workers")
        card = page.get_by_test_id("worker").filter(has_text=f"pid {process.pid} ")
        await card.get_by_role("button", name="Stop").click()
        dialog = page.get_by_role("dialog", name=re.compile(r"^Stop worker .*\?"))
        await dialog.get_by_role("button", name="Stop").click()
        await told(page, "was asked to stop")

        async def ended() -> bool:
            return process.poll() is not None

        await eventually_async(ended, 20, what="the end of the worker")
        assert process.returncode == 0
        await expect(card).to_have_count(0)


async def started(stage: Stage, job: Job) -> bool:
    """Whether a job that waits has been tried before."""
    found = (await stage.jobs.find(job)).job
    return found is not None and found.status == "pending" and found.attempts > 0


async def test_retry_of_an_error_group(stage: Stage, visit: Visits) -> None:
    type, other = stage.name("group"), stage.name("other")
    jobs = [await stage.failed(type, f"order {number} is gone") for number in range(3)]
    await stage.failed(other)
    # One that somebody has given up since is none of those that are retried.
    unwanted = await stage.create(type, {"fail": "order 4 is gone"}, backoff_strategy=HOURLY)
    await eventually_async(lambda: started(stage, unwanted), 20, what="its first failure")
    await stage.jobs.cancel(unwanted)
    page = await visit("errors")
    group = page.get_by_test_id("error-group").filter(has_text=f"in {type}")
    await expect(group.locator(".error-count b")).to_have_text("3")
    await group.get_by_role("button", name="Retry all").click()
    await confirm(page, "Retry 3 jobs?", "Retry")
    await carried_out(page, "3 jobs retried")
    for job in jobs:
        assert (await stage.become(job.uid, "failed")).attempts == 2
    assert (await stage.become(unwanted, "cancelled")).attempts == 1


async def test_what_was_done_is_told_on_the_overview(stage: Stage, visit: Visits) -> None:
    job = await stage.failed(stage.name("told"))
    page = await visit(f"job/{job.uid}")
    await page.get_by_role("button", name="Retry").click()
    await confirm(page, "Retry this job?", "Retry")
    await told(page, "The job was retried.")
    overview = await visit("overview")
    actions = overview.get_by_role("region", name="Actions")
    await expect(actions.get_by_role("listitem").first).to_contain_text("local retry")


async def test_two_people_at_the_same_job(stage: Stage, visit: Visits) -> None:
    visit.expect("404")
    (job,) = await stage.later(stage.name("shared"))
    one, other = await visit(address("jobs", type=job.type)), await visit(f"job/{job.uid}")
    await expect(row(one, job)).to_have_attribute("data-status", "pending")
    await other.get_by_role("button", name="Cancel").click()
    await confirm(other, "Cancel this job?", "Cancel")
    await told(other, "The job was cancelled.")
    await expect(row(one, job)).to_have_attribute("data-status", "cancelled")
    await select(one, job)
    await toolbar(one).get_by_role("button", name="Delete").click()
    await confirm(one, "Delete 1 job?", "Delete")
    await carried_out(one, "1 job deleted")
    await expect(other.get_by_text("There is no such job")).to_be_visible()
    await expect(rows(one)).to_have_count(0)
