"""The monitor without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from support.visits import address, carried_out, confirm, heading, row, rows, toolbar

if TYPE_CHECKING:
    from playwright.async_api import Page

    from support.stage import Stage
    from support.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def agree(page: Page, question: str, answer: str) -> None:
    """Answer with Enter, which is what the question offers."""
    dialog = page.get_by_role("dialog", name=question, exact=True)
    await expect(dialog.get_by_role("button", name=answer, exact=True)).to_be_focused()
    await press(page, "Enter")


async def test_g_and_a_letter_lead_to_pages(visit: Visits) -> None:
    page = await visit()
    for letter, name in zip(
        "jqweo", ("Jobs", "Queues", "Workers", "Errors", "Overview"), strict=True
    ):
        await press(page, "g", letter)
        await expect(heading(page, name)).to_be_visible()


async def test_moving_opening_and_coming_back(stage: Stage, visit: Visits) -> None:
    type = stage.name("moved")
    old, _, new = await stage.later(type, 3)
    page = await visit(address("jobs", type=type))
    await expect(rows(page)).to_have_count(3)
    await press(page, "j")
    await expect(row(page, new).get_by_role("link")).to_be_focused()
    await press(page, "j", "j", "j")
    await expect(row(page, old).get_by_role("link")).to_be_focused()
    await press(page, "k", "k", "Enter")
    await expect(page.get_by_text(str(new.uid)).first).to_be_visible()
    await expect(heading(page, type)).to_be_visible()
    await press(page, "Escape")
    await expect(row(page, new).get_by_role("link")).to_be_focused()


async def test_selecting_and_acting(stage: Stage, visit: Visits) -> None:
    type = stage.name("keyed")
    jobs = await stage.later(type, 4)
    page = await visit(address("jobs", type=type))
    await expect(rows(page)).to_have_count(4)
    await press(page, "j", "x", "j", "j", "X")
    await expect(toolbar(page)).to_contain_text("3 jobs selected")
    await press(page, "Escape")
    await expect(toolbar(page)).to_have_count(0)
    await press(page, "j", "x", "j", "x", "c")
    await agree(page, "Cancel 2 jobs?", "Cancel")
    await carried_out(page, "2 jobs cancelled")
    # Without a selection it is about the row that has the focus, which a dialog gives back.
    await expect(row(page, jobs[2]).get_by_role("link")).to_be_focused()
    await press(page, "k", "r")
    await confirm(page, "Retry 1 job?", "Retry")
    await carried_out(page, "1 job retried")
    await expect(row(page, jobs[3])).to_have_attribute("data-status", "completed")
    await press(page, "d")
    await expect(page.get_by_role("dialog", name="Delete 1 job?")).to_be_visible()
    await press(page, "Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(rows(page)).to_have_count(4)


async def test_slash_searches_and_letters_are_text_there(stage: Stage, visit: Visits) -> None:
    page = await visit("jobs")
    await press(page, "/")
    search = page.get_by_role("searchbox", name="Search payloads")
    await expect(search).to_be_focused()
    await page.keyboard.type("grouse jerk?")
    await expect(search).to_have_value("grouse jerk?")
    await press(page, "Escape")
    await expect(search).not_to_be_focused()
    await expect(heading(page, "Jobs")).to_be_visible()


async def test_a_question_mark_shows_the_keys(visit: Visits) -> None:
    page = await visit("workers")
    await press(page, "?")
    keys = page.get_by_role("dialog", name="Keys")
    await expect(keys).to_contain_text("Pause or resume a queue")
    await press(page, "g", "j")
    await expect(heading(page, "Workers")).to_be_visible()
    await press(page, "Escape")
    await expect(keys).to_have_count(0)


async def test_a_job_is_retried_and_a_queue_is_paused(stage: Stage, visit: Visits) -> None:
    job = await stage.failed(stage.name("key"))
    page = await visit(f"job/{job.uid}")
    await expect(page.get_by_role("button", name="Retry")).to_be_visible()
    await press(page, "r")
    await agree(page, "Retry this job?", "Retry")
    await expect(page.locator(".attempts .status[data-status=error]")).to_have_count(2)
    await press(page, "g", "q")
    queue = page.locator("[data-queue=default]")
    await queue.get_by_role("link", name="default").focus()
    await press(page, "p")
    await agree(page, "Pause queue default?", "Pause")
    await expect(queue).to_contain_text("paused")
    await queue.get_by_role("link", name="default").focus()
    await press(page, "p")
    await expect(queue).to_contain_text("open")


async def test_tab_reaches_what_there_is(stage: Stage, visit: Visits) -> None:
    await stage.later(stage.name("tab"))
    page = await visit("jobs")
    await expect(rows(page).first).to_be_visible()
    await press(page, "Tab")
    await expect(page.get_by_role("button", name="Skip to content")).to_be_focused()
    await press(page, "Enter", "Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")
