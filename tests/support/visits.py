"""Visiting the monitor with a real browser, and finding one's way on its pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

    from steve import Job

PATIENCE = 15_000
"""Milliseconds until something must be seen, on a busy machine too."""

_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


class Visits:
    """Opens pages, each in a context of its own, as if by different people.

    What a page complains about is kept: an exception that nobody caught, an error in the console, a
    violation of the policy, a dialog that a script has opened.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        self._browser = browser
        self._expected: list[str] = []
        self._contexts: list[BrowserContext] = []

    def expect(self, *texts: str) -> None:
        """Complaints with one of these in them are what the test is about."""
        self._expected += texts

    async def __call__(self, address: str = "", *, url: str | None = None, **context: Any) -> Page:
        """Open a page at an address such as `jobs?type=a`."""
        page = await self.blank(**context)
        await page.goto(f"{url or self.url}#/{address}")
        return page

    async def blank(self, **options: Any) -> Page:
        """Open an empty page."""
        options = {"reduced_motion": "reduce", **options}
        context = await self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        await context.add_init_script(_TELL_VIOLATIONS)
        context.on("weberror", lambda error: self._complain(str(error.error)))
        context.on("console", self._hear)
        context.on("dialog", lambda dialog: self._complain(f"dialog: {dialog.message}"))
        return await context.new_page()

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        # A page that is left may yet say what it shows, when its events have ended.
        late = "409" in message.text and message.location["url"].endswith("/api/watch")
        if message.type in {"error", "warning"} and not late:
            self._complain(f"{message.text} {message.location}")

    def _complain(self, text: str) -> None:
        if not any(expected in text for expected in self._expected):
            self.complaints.append(text)


def address(page: str, **query: str | list[str]) -> str:
    """The address of a page, such as `jobs?type=a`."""
    return f"{page}?{urlencode(query, doseq=True)}" if query else page


def row(page: Page, job: Job) -> Locator:
    """The row of a job in the list."""
    return page.locator(f"[data-testid=job-row][data-uid='{job.uid}']")


def rows(page: Page) -> Locator:
    return page.get_by_test_id("job-row")


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text, exact=True)


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def toolbar(page: Page) -> Locator:
    """What can be done to the rows that are selected."""
    return page.get_by_role("toolbar", name="Selected jobs")


async def select(page: Page, *jobs: Job) -> None:
    for job in jobs:
        await row(page, job).get_by_role("checkbox").check()


async def turn_to(page: Page, name: str) -> None:
    """Go to a page by its link."""
    pages = page.get_by_role("navigation", name="Pages")
    await pages.get_by_role("link", name=re.compile(f"^{name}")).click()
    await expect(heading(page, name)).to_be_visible()


async def confirm(page: Page, question: str, answer: str) -> None:
    """Read the question in the dialog that is open, and say yes."""
    dialog = page.get_by_role("dialog", name=question, exact=True)
    await dialog.get_by_role("button", name=answer, exact=True).click()


async def told(page: Page, text: str) -> None:
    """See a notice."""
    await expect(page.locator(".notice").get_by_text(text)).to_be_visible()


async def carried_out(page: Page, title: str) -> None:
    """See how something done to several jobs has ended, and close the dialog."""
    await confirm(page, title, "Close")
    await expect(page.get_by_role("dialog")).to_have_count(0)
