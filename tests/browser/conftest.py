"""A browser, and a page in it that must not raise an error.

The browser lives as long as the test: playwright belongs to one event loop, and each test has its
own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from support.browser import MISSING, executable, launched

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The path of a browser. Where CI is set, a missing one is a failure."""
    path = executable()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    return path


@pytest.fixture
async def browser(browser_path: str) -> AsyncIterator[Browser]:
    """A browser of this test's own."""
    async with launched(browser_path) as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page. The test fails if a script on it raised something that nobody caught."""
    errors: list[str] = []
    page = await browser.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
