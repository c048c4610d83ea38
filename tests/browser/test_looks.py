"""Dark and light, large and small, and for everybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import ViewportSize, expect

from support.visits import address, heading, region, row, turn_to

if TYPE_CHECKING:
    from playwright.async_api import Page

    from steve import Job
    from support.stage import Stage
    from support.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
FINGER = 24
"""What WCAG 2.2 wants a target to have at least, in CSS pixels."""

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest_asyncio.fixture(loop_scope="session")
async def shown(stage: Stage) -> Job:
    """A job that has something of everything; the pages have something to show."""
    type = stage.name("everything")
    await stage.later(type, tags=["blue"], queue="side")
    await stage.create(type, {"progress": [0.4, "at it"]}, {"hold": f"{type}-never"})
    return await stage.ended(
        type, {"log": ["warning", "a long line " * 20]}, {"fail": "a long reason " * 20},
        payload={"list": list(range(5)), "text": "long " * 50, "deep": {"a": {"b": [None, True]}}},
        max_attempts=2, backoff_strategy="none", tags=["a", "b"],
    )  # fmt: skip


def pages(job: Job) -> dict[str, str]:
    """Each page, with what is there when it has been drawn."""
    return {
        "overview": "canvas",
        "jobs": "[data-testid=job-row]",
        f"job/{job.uid}": ".json-line",
        "queues/side": "canvas",
        "workers": "[data-testid=worker]",
        "errors": "[data-testid=error-group]",
    }


async def examine(page: Page) -> list[Any]:
    """Return what axe has found."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "(tags) => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        list(RULES),
    )
    return [
        (violation["id"], [node["html"][:160] for node in violation["nodes"]][:3])
        for violation in found["violations"]
    ]


async def test_colours_follow_the_system_and_the_switch(visit: Visits) -> None:
    page = await visit("overview", color_scheme="dark")
    await expect(heading(page, "Overview")).to_be_visible()
    dark = await page.evaluate(BACKGROUND)
    await page.emulate_media(color_scheme="light")
    light = await page.evaluate(BACKGROUND)
    assert light != dark
    for name, background in (("system", light), ("light", light), ("dark", dark)):
        button = page.get_by_role("button", name=f"Colours: {name}")
        await expect(button).to_be_visible()
        assert await page.evaluate(BACKGROUND) == background
        await button.click()
    await page.get_by_role("button", name="Colours: system").click()
    await page.get_by_role("button", name="Colours: light").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Colours: dark")).to_be_visible()
    assert await page.evaluate(BACKGROUND) == dark


@pytest.mark.parametrize("place", range(6))
async def test_axe_finds_nothing(stage: Stage, visit: Visits, shown: Job, place: int) -> None:
    at, there = list(pages(shown).items())[place]
    page = await visit(at, viewport=DESK)
    await expect(page.locator(there).first).to_be_visible()
    found: dict[str, Any] = {}
    for size in (DESK, PHONE):
        await page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            if violations := await examine(page):
                found[f"{size['width']} {scheme}"] = violations
    assert found == {}


async def test_axe_finds_nothing_in_what_opens(stage: Stage, visit: Visits, shown: Job) -> None:
    page = await visit(address("jobs", type=shown.type))
    await row(page, shown).get_by_role("checkbox").check()
    await page.get_by_role("button", name="Columns", exact=True).click()
    for column in ("Error", "Tags", "Payload", "Worker"):
        await page.get_by_role("checkbox", name=column, exact=True).check()
    assert await examine(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await examine(page) == []


@pytest.mark.parametrize("place", range(6))
async def test_a_phone(stage: Stage, visit: Visits, shown: Job, place: int) -> None:
    at, there = list(pages(shown).items())[place]
    page = await visit(at, viewport=PHONE, has_touch=True, is_mobile=True)
    await expect(page.locator(there).first).to_be_visible()
    assert await page.evaluate(WIDER) <= 0
    small = await page.evaluate(
        """(least) => [...document.querySelectorAll("main button, nav a, input[type=checkbox]")]
            .map((each) => [each.closest("label, .pick, th, td") ?? each, each])
            .filter(([box]) => box.checkVisibility({checkVisibilityCSS: true}))
            .filter(([box]) => {
                const {width, height} = box.getBoundingClientRect();
                return width > 1 && (width < least || height < least);
            })
            .map(([, each]) => each.outerHTML.slice(0, 160))""",
        FINGER,
    )
    assert small == []


async def test_long_names_stay_within_a_phone(stage: Stage, visit: Visits) -> None:
    type = stage.name("t").ljust(255, "t")
    job = await stage.failed(type)
    page = await visit(address("jobs", type=type), viewport=PHONE, has_touch=True, is_mobile=True)
    await expect(row(page, job)).to_be_visible()
    assert await page.evaluate(WIDER) <= 0
    await row(page, job).get_by_role("link").tap()
    await expect(heading(page, type)).to_be_visible()
    assert await page.evaluate(WIDER) <= 0
    await turn_to(page, "Errors")
    await expect(page.get_by_test_id("error-group").filter(has_text=type)).to_be_visible()
    assert await page.evaluate(WIDER) <= 0


async def test_everything_can_be_done_on_a_phone(stage: Stage, visit: Visits) -> None:
    type = stage.name("phone")
    job = await stage.failed(type)
    page = await visit("overview", viewport=PHONE, has_touch=True, is_mobile=True)
    for name in ("Queues", "Workers", "Errors", "Jobs"):
        await turn_to(page, name)
    await page.goto(f"{visit.url}#/{address('jobs', type=type)}")
    card = row(page, job)
    await expect(card).to_contain_text("failed")
    await card.get_by_role("checkbox").tap()
    tools = page.get_by_role("toolbar", name="Selected jobs")
    await expect(tools.get_by_role("button", name="Retry")).to_be_in_viewport()
    await tools.get_by_role("button", name="Clear the selection").tap()
    await card.get_by_role("link").tap()
    await expect(region(page, "Error")).to_contain_text("it broke")
    await page.get_by_role("button", name="Retry").tap()
    await page.get_by_role("dialog").get_by_role("button", name="Retry").tap()
    await expect(page.locator(".attempts .status[data-status=error]")).to_have_count(2)
    assert await page.evaluate(WIDER) <= 0
