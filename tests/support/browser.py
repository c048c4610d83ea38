"""A real browser for tests, found on this machine or installed there.

`python tests/support/browser.py` prints the path of the browser, and installs one if there is none;
`make test` runs that before the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

COMMANDS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # tests may run as root, which the sandbox refuses
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
MISSING = "no browser was found, and none could be installed: put chromium on the PATH"

_APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")
_PACKAGE = (*_APT, "install", "-y", "--no-install-recommends", "chromium")


def executable() -> str | None:
    """Return the path of a browser, which is installed if need be."""
    return _found() or _from_playwright() or _from_debian()


def _found() -> str | None:
    """Return the browser of this machine, else the one that playwright has installed before."""
    for command in COMMANDS:
        if path := shutil.which(command):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def _from_playwright() -> str | None:
    return _found() if _ran(sys.executable, "-m", "playwright", "install", "chromium") else None


def _from_debian() -> str | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    return _found() if _ran(*_APT, "update") and _ran(*_PACKAGE) else None


def _ran(*command: str) -> bool:
    """Run a command that may take minutes; what it says goes to standard error."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=600)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


@asynccontextmanager
async def launched(path: str) -> AsyncIterator[Browser]:
    """Run the browser for as long as the block does."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


if __name__ == "__main__":
    browser = executable()
    if browser is None:
        sys.exit(MISSING)
    print(browser)  # noqa: T201
