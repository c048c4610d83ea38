"""The demo, as somebody sees it who opens the first line that it prints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from support.command import Steve
from support.waiting import eventually_async

if TYPE_CHECKING:
    from playwright.async_api import Page

ENDED = re.compile("completed|failed")
pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 20_000
"""Milliseconds until something must be seen, on a busy machine too."""


@pytest.fixture
def fresh(tmp_path: Path, dsn: str) -> Steve:
    return Steve(tmp_path, dsn)


async def test_jobs_come_and_go(fresh: Steve, page: Page) -> None:
    with fresh.running("demo", "--db", fresh.dsn):

        async def address() -> str:
            return (fresh.folder / "out").read_text().partition("\n")[0]

        await page.goto(await eventually_async(address, 20))
        await page.evaluate("window.same = true")
        running = page.locator("[data-testid=job-row][data-status=running]").first
        await expect(running).to_be_visible(timeout=SECONDS)
        uid = await running.get_attribute("data-uid")
        row = page.locator(f"[data-uid='{uid}']")
        await expect(row).to_have_attribute("data-status", ENDED, timeout=SECONDS)
        # New rows come in above; none of those that were there is lost.
        count = await page.get_by_test_id("job-row").count()
        await expect(page.get_by_test_id("job-row").nth(count + 1)).to_be_visible(timeout=SECONDS)
        await expect(row).to_be_visible()
        assert await page.evaluate("window.same")
