"""Pictures of the monitor for the documents: `tools/screenshots` makes them.

The shop of `support.shop` is open, with three workers, and orders come in; what was before is made
up by `support.shop_past`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import re
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from playwright.async_api import ViewportSize, expect
from psycopg import AsyncConnection

import steve
from steve import Job, Jobs
from steve.database.embedded import start_blocking
from support import shop, shop_past
from support.browser import executable, launched
from support.stage import TESTS, running
from support.waiting import eventually_async

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

DESK: ViewportSize = {"width": 1280, "height": 800}
LIST: ViewportSize = {"width": 1280, "height": 520}
"""For the list of jobs: with more rows its picture would be heavy."""

PHONE: ViewportSize = {"width": 390, "height": 780}
SCHEMES = ("light", "dark")
WORKERS = (
    ("kiln-1", ("default", "mail", "billing", "search")),
    ("kiln-2", ("mail", "billing", "search")),
    ("wheel-1", ("media",)),
)
PICTURED_FOR = 30.0
"""Seconds that the overview has been open when it is pictured, for the courses in its tiles."""


async def make(folder: Path) -> None:
    """Write all pictures into a folder."""
    path = executable()
    if path is None:
        raise SystemExit("there is no browser to make pictures with")
    with TemporaryDirectory(prefix="shop") as home, ExitStack() as stack:
        dsn = stack.enter_context(start_blocking(Path(home))).dsn
        os.environ["STEVE_DATABASE_URL"] = dsn
        async with shop.jobs, await AsyncConnection.connect(dsn, autocommit=True) as connection:
            await shop.jobs.migrate()
            await shop_past.remember(connection)
            await _open(stack, dsn, connection)
            await _fail(shop.jobs, connection)
            told = await shop.jobs.create("import_catalog", _CATALOG, tags=["nightly", "supplier"])
            async with _busy(shop.jobs), launched(path) as browser:
                await _deploy(connection, told)
                await _picture(browser, _monitor(stack, dsn), folder, told)


_NAME = "update steve.worker set name = %s, host = %s where pid = %s"

_HOME = "/srv/shop/"
_PACKAGE = "/srv/shop/.venv/lib/python3.12/site-packages/steve/"

_CATALOG = {
    "source": {
        "url": "https://supplier.example/catalog.csv",
        "host": "supplier.example",
        "format": "csv",
        "columns": ["sku", "name", "price", "stock"],
    },
    "currencies": ["EUR", "GBP"],
    "dry_run": False,
}


async def _open(stack: ExitStack, dsn: str, connection: shop_past.Connection) -> None:
    """Have the workers at work, under names that do not tell on whose machine they ran."""
    for name, queues in WORKERS:
        chosen = [part for queue in queues for part in ("--queue", queue)]
        process = stack.enter_context(
            running(dsn, "worker", "support.shop:jobs", *chosen, "-c", "8", PYTHONPATH=str(TESTS))
        )
        values = (f"{name}:{process.pid}", name, process.pid)

        async def named(values: tuple[str, str, int] = values) -> bool:
            return (await connection.execute(_NAME, values)).rowcount == 1

        await eventually_async(named, 20, what="a worker")


async def _deploy(connection: shop_past.Connection, told: Job) -> None:
    """Wait for the first failure of a job; then tracebacks name files as on a server, and not as on
    the machine that makes the pictures."""
    query = "select from steve.attempt where job_id = %s"

    async def failed() -> bool:
        return (await connection.execute(query, [told.id])).rowcount == 1

    await eventually_async(failed, 30, what="the first attempt")
    for here, there in ((TESTS / "support", _HOME), (Path(steve.__file__).parent, _PACKAGE)):
        await connection.execute(
            "update steve.attempt set error_details = "
            "replace(error_details::text, %s, %s)::jsonb where error_details is not null",
            (f"{here}/", there),
        )


async def _fail(jobs: Jobs, connection: shop_past.Connection) -> None:
    """Let something fail for real, and many times in the past."""
    for failing in shop_past.FAILINGS:
        made = await jobs.create(failing.type, failing.payload, max_attempts=1)
        await jobs.wait(made, timeout=30)
        await shop_past.spread(connection, failing)


def _monitor(stack: ExitStack, dsn: str) -> str:
    process = stack.enter_context(
        running(dsn, "monitor", "--port", "0", "--actions", "--title", "Kiln & Clay")
    )
    assert process.stdout is not None
    return process.stdout.readline().split()[-1]


@asynccontextmanager
async def _busy(jobs: Jobs) -> AsyncGenerator[None, None]:
    """Let orders come in."""
    for number, begun in enumerate((12, 37, 71)):
        file = f"throwing-{number + 1}.mp4"
        await jobs.create("transcode_video", {"file": file, "from": begun}, queue="media")
    await jobs.create_many(
        ("send_receipt", {"order": 48200 + n, "to": "ada@example.com"}, {"delay": 900 + 60 * n})
        for n in range(24)
    )
    orders = asyncio.create_task(_orders(jobs))
    try:
        yield
    finally:
        orders.cancel()
        with suppress(asyncio.CancelledError):
            await orders


async def _orders(jobs: Jobs) -> None:
    chance = random.Random(7)
    for order in itertools.count(48301):
        amount, file = f"{chance.randint(9, 90)}.00", f"cup-{order % 60:02}.jpg"
        refused = {"declined": True} if order % 6 == 0 else {}
        broken = {"broken": True} if order % 5 == 0 else {}
        steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("charge_card", {"order": order, "amount": amount, **refused}, {}),
            ("reindex_product", {"product": order % 97}, {}),
            ("resize_image", {"file": file, **broken}, {"max_attempts": 1}),
            ("send_receipt", {"order": order, "to": "ada@example.com"}, {"delay": 2}),
            ("reindex_product", {"product": order % 89}, {}),
            ("sync_inventory", {"warehouse": ("north", "south")[order % 2]}, {}),
        ]
        for type, payload, options in steps[: 4 + order % 3]:
            await jobs.create(type, payload, **options)
            await asyncio.sleep(chance.uniform(0.1, 0.7))


async def _picture(browser: Browser, url: str, folder: Path, told: Job) -> None:
    overviews = {scheme: await _visit(browser, f"{url}#/overview", scheme) for scheme in SCHEMES}
    opened = asyncio.get_running_loop().time()
    for page in overviews.values():
        await _last_day(page)
    for scheme in SCHEMES:
        page = await _visit(browser, f"{url}#/job/{told.uid}", scheme)
        await expect(page.get_by_text("4,808 of 4,812 products")).to_be_visible(timeout=60_000)
        await _take(page, folder / f"job-{scheme}.png")
        await page.goto(f"{url}#/queues/billing")
        await _last_day(page)
        await _take(page, folder / f"queues-{scheme}.png")
        await page.goto(f"{url}#/workers")
        await expect(page.locator(".worker-jobs").first).to_be_visible()
        await _take(page, folder / f"workers-{scheme}.png")
        await page.goto(f"{url}#/errors")
        await expect(page.get_by_test_id("error-group").first).to_be_visible()
        await _take(page, folder / f"errors-{scheme}.png")
        for name, size, rows in (("jobs", LIST, 10), ("phone", PHONE, 4)):
            page = await _visit(browser, f"{url}#/jobs", scheme, size)
            for status in ("failed", "running"):
                row = page.locator(f"tbody tr:nth-child(-n+{rows})[data-status={status}]")
                await expect(row.first).to_be_visible(timeout=60_000)
            await _take(page, folder / f"{name}-{scheme}.png")
    await asyncio.sleep(max(0.0, opened + PICTURED_FOR - asyncio.get_running_loop().time()))
    for scheme, page in overviews.items():
        await _take(page, folder / f"overview-{scheme}.png")


async def _last_day(page: Page) -> None:
    """Let charts show the last day, and see them drawn."""
    async with page.expect_response(lambda answer: "range=24h" in answer.url):
        await page.get_by_role("button", name="24h", exact=True).click()
    await page.mouse.move(0, 0)
    await expect(page.locator(".chart canvas").first).to_be_visible()


async def _visit(browser: Browser, url: str, scheme: Any, viewport: ViewportSize = DESK) -> Page:
    page = await browser.new_page(
        viewport=viewport, color_scheme=scheme, timezone_id="Europe/Lisbon", locale="en-GB",
        reduced_motion="reduce",
    )  # fmt: skip
    await page.goto(url)
    await expect(page).to_have_title(re.compile("Kiln & Clay"))
    return page


async def _take(page: Page, path: Path) -> None:
    await page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    await page.screenshot(path=path, animations="disabled")
