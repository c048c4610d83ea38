"""Tasks are ended even if a cancellation is swallowed, as asyncio may do up to Python 3.11."""

from __future__ import annotations

import asyncio

import pytest

from steve.events import ending


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "AGAIN", 0.05)
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await ending.end(task)
    assert task.cancelled()
    assert swallowed == 2


async def test_what_the_task_raised_is_nobody_elses_trouble() -> None:
    async def failing() -> None:
        raise ValueError("told to nobody")

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    await ending.end(task)
    assert task.done()
