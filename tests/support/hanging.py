"""Ending a process of the test run whose test does not come to its end."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

PATIENCE = 120.0
"""Seconds from when a test has passed, failed or met its timeout until all is torn down."""


@contextmanager
def no_longer(item: pytest.Item) -> Iterator[None]:
    """End the process if the block takes longer than `PATIENCE`, and say what it waits for.

    A timeout interrupts a test only once. What is torn down after it ends the tasks of its loop,
    and waits for ever for one that swallows its cancellation: the whole run would wait with it.
    """
    timer = threading.Timer(PATIENCE, _give_up, (item,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _give_up(item: pytest.Item) -> None:
    capture: Any = item.config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture()
    sys.stderr.write(f"\n{item.nodeid} is not torn down after {PATIENCE:g} seconds\n")
    for loop in [it for it in gc.get_objects() if isinstance(it, asyncio.AbstractEventLoop)]:
        for task in asyncio.all_tasks(loop):
            task.print_stack(file=sys.stderr)
    faulthandler.dump_traceback(file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)
