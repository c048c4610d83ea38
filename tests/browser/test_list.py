"""Finding jobs in the list: filters, searches, order, columns, and addresses to keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from support.visits import address, heading, row, rows
from support.waiting import eventually_async

if TYPE_CHECKING:
    from playwright.async_api import Page

    from steve import Job
    from support.stage import Stage
    from support.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shows(page: Page, *jobs: Job) -> None:
    """See these rows, in this order, and no others."""
    wanted = [str(job.uid) for job in jobs]

    async def seen() -> bool:
        return await rows(page).evaluate_all("all => all.map((row) => row.dataset.uid)") == wanted

    await eventually_async(seen, 15, what=f"{len(jobs)} rows")


async def choose(page: Page, what: str, name: str) -> None:
    """Open what chooses among names, and choose one more."""
    button = page.get_by_role("button", name=re.compile(f"^{what}:"))
    await button.click()
    await page.get_by_role("checkbox", name=name, exact=True).check()
    await page.keyboard.press("Escape")
    await expect(button).to_be_focused()


async def test_filters_narrow_the_list(stage: Stage, visit: Visits) -> None:
    type = stage.name("narrow")
    done = await stage.ended(type, tags=["blue"], queue="side")
    bad = await stage.failed(type, "no such 100% customer", tags=["red"])
    later, blue = await stage.later(type, tags=["blue"]), await stage.later(type, queue="side")
    page = await visit("jobs")
    await choose(page, "Type", type)
    await shows(page, *blue, *later, bad, done)
    await choose(page, "Queue", "side")
    await shows(page, *blue, done)
    await page.get_by_role("group", name="Status").get_by_role("button", name="completed").click()
    await shows(page, done)
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(page).to_have_url(re.compile(r"#/jobs\?status=completed$"))
    await page.get_by_role("group", name="Status").get_by_role("button", name="All").click()
    await choose(page, "Type", type)
    await page.get_by_role("textbox", name="Tag").fill("blue")
    await shows(page, *later, done)
    await page.get_by_role("textbox", name="Tag").fill("")
    await page.get_by_role("textbox", name="Error contains").fill("100% CUSTOMER")
    await shows(page, bad)


async def test_time_narrows_the_list(stage: Stage, visit: Visits) -> None:
    type = stage.name("aged")
    old, new = await stage.ended(type), await stage.ended(type)
    page = await visit(address("jobs", type=type))
    await shows(page, new, old)
    await page.get_by_role("button", name="Created: Any time").click()
    await page.get_by_role("button", name="Last 5 m").click()
    await expect(page).to_have_url(re.compile("since="))
    await shows(page, new, old)
    await page.goto(f"{visit.url}#/{address('jobs', type=type, until='2020-01-01T00:00:00Z')}")
    await expect(page.get_by_text("No job matches")).to_be_visible()


async def test_payloads_are_searched(stage: Stage, visit: Visits) -> None:
    type = stage.name("searched")
    one = await stage.ended(type, payload={"user": {"id": 41}, "note": "Kiln and clay"})
    two = await stage.ended(type, payload={"user": {"id": 42}})
    page = await visit(address("jobs", type=type))
    search = page.get_by_role("searchbox", name="Search payloads")
    await search.fill("$.user ? (@.id == 42)")
    await search.press("Enter")
    await shows(page, two)
    await search.fill("kiln and")
    await search.press("Enter")
    await shows(page, one)
    visit.expect("400")
    await search.fill("$.user ? (@.id == ")
    await search.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("jsonpath")
    await search.fill(str(two.uid))
    await search.press("Enter")
    await expect(heading(page, type)).to_be_visible()
    await expect(page.get_by_text(str(two.uid)).first).to_be_visible()


async def test_order(stage: Stage, visit: Visits) -> None:
    type = stage.name("ordered")
    first = await stage.create(type, {"hold": type})
    second = await stage.ended(type)
    stage.cue(type)
    await stage.become(first.uid, "completed")
    page = await visit(address("jobs", type=type))
    await shows(page, second, first)
    for order, jobs in (("Oldest first", (first, second)), ("Last finished", (first, second))):
        label = f"{order} first" if order == "Last finished" else order
        await page.get_by_role("combobox", name="Sort").select_option(label)
        await shows(page, *jobs)


async def test_more_is_loaded(stage: Stage, visit: Visits) -> None:
    type = stage.name("long")
    jobs = await stage.later(type, 105)
    page = await visit(address("jobs", type=type))
    await expect(rows(page)).to_have_count(50)
    await page.get_by_role("button", name="Load more").click()
    await expect(rows(page)).to_have_count(100)
    await page.get_by_role("button", name="Load more").click()
    await shows(page, *reversed(jobs))
    await expect(page.get_by_text("That is all.")).to_be_visible()


async def test_columns_are_chosen_and_kept(stage: Stage, visit: Visits) -> None:
    type = stage.name("columns")
    await stage.ended(type, queue="side", tags=["blue"])
    page = await visit(address("jobs", type=type))
    table = page.get_by_role("table", name="Jobs")
    titles = table.get_by_role("columnheader")
    usual = ["Id", "Uid", "Status", "Type", "Attempts", "Created", "Started", "Completed"]
    await expect(rows(page)).to_have_count(1)
    assert [text for text in await titles.all_inner_texts() if text.strip()] == usual
    await page.get_by_role("button", name="Columns", exact=True).click()
    await page.get_by_role("checkbox", name="Queue").check()
    await page.get_by_role("checkbox", name="Tags").check()
    await page.get_by_role("checkbox", name="Started").uncheck()
    for _ in range(2):
        await expect(rows(page).locator("[data-column=queue]")).to_have_text("side")
        await expect(rows(page).locator("[data-column=tags]")).to_have_text("blue")
        await expect(rows(page).locator("[data-column=started]")).to_have_count(0)
        await page.reload()
    await page.get_by_role("button", name="Columns", exact=True).click()
    await page.get_by_role("button", name="As it was at first").click()
    await expect(titles.filter(has_text="Queue")).to_have_count(0)


async def test_an_address_shows_others_the_same(stage: Stage, visit: Visits) -> None:
    type = stage.name("shared & more")
    first = await stage.ended(type, payload={"n": 1}, tags=["a+b"])
    await stage.ended(type, payload={"n": 2}, tags=["a+b"])
    second = await stage.ended(type, payload={"n": 3}, tags=["a+b"])
    page = await visit("jobs")
    await choose(page, "Type", type)
    await page.get_by_role("textbox", name="Tag").fill("a+b")
    await expect(page).to_have_url(re.compile(r"tag=a%2Bb"))
    await page.get_by_role("combobox", name="Sort").select_option("Oldest first")
    search = page.get_by_role("searchbox", name="Search payloads")
    await search.fill("$ ? (@.n != 2)")
    await search.press("Enter")
    await shows(page, first, second)
    other = await visit(page.url.partition("#/")[2])
    await shows(other, first, second)
    await expect(other.get_by_role("textbox", name="Tag")).to_have_value("a+b")
    await expect(other.get_by_role("searchbox")).to_have_value("$ ? (@.n != 2)")
    assert quote(type, safe="") in page.url.replace("+", "%20")


async def test_one_comes_back_to_the_list_as_it_was(stage: Stage, visit: Visits) -> None:
    type = stage.name("back")
    jobs = await stage.later(type, 60)
    page = await visit(address("jobs", type=type))
    await page.get_by_role("button", name="Load more").click()
    link = row(page, jobs[2]).get_by_role("link")
    await link.click()
    await expect(heading(page, type)).to_be_visible()
    await page.go_back()
    await shows(page, *reversed(jobs))
    await expect(row(page, jobs[2])).to_be_in_viewport()
