"""A browser, and a monitor to look at with it.

Playwright belongs to one event loop, and a browser takes a while to start: one browser, one monitor
and one worker serve all tests of this process, which run in the session's loop.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from steve import Jobs
from support.browser import MISSING, executable, launched
from support.databases import Databases
from support.stage import Stage
from support.visits import PATIENCE, Visits

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The path of a browser. Where CI is set, a missing one is a failure."""
    path = executable()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(browser_path: str) -> AsyncGenerator[Browser, None]:
    async with launched(browser_path) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(
    databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Stage, None]:
    """A database on which a worker is at work."""
    with databases.temporary(migrated_template) as dsn:
        async with Jobs(dsn, handle_signals=False) as jobs:
            stage = Stage(dsn, tmp_path_factory.mktemp("cues"), jobs)
            with stage.worker():
                yield stage


@pytest.fixture(scope="session")
def monitor(stage: Stage) -> Iterator[str]:
    """The address of a monitor that lets everybody act."""
    with stage.monitor("--port", "0", "--actions") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, monitor: str) -> AsyncGenerator[Visits, None]:
    """Open pages of the monitor. The test fails if one of them complains."""
    visits = Visits(browser, monitor)
    yield visits
    await visits.close()
    assert visits.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncGenerator[Page, None]:
    """An empty page. The test fails if a script on it raised something that nobody caught."""
    errors: list[str] = []
    page = await browser.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await page.close()
    assert errors == []
