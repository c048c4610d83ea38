"""Looking again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from steve.cli.looks import looks
from steve.core.errors import ConnectionFailed


def failing(error: Exception) -> Callable[[], Awaitable[int]]:
    async def look() -> int:
        raise error

    return look


async def test_a_slow_look_takes_a_tenth_of_the_time() -> None:
    count = 0

    async def look() -> None:
        nonlocal count
        count += 1
        await asyncio.sleep(0.1)

    async def watch() -> None:
        async for _ in looks(look, 0.01):
            pass

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch(), 2.05)
    assert count <= 3


async def test_one_may_be_woken() -> None:
    wake = asyncio.Event()

    async def look() -> float:
        return time.monotonic()

    stream = looks(look, 60, wake=wake)
    first = await anext(stream)
    wake.set()
    second = await asyncio.wait_for(anext(stream), 10)
    assert first.found is not None
    assert second.found is not None
    assert not wake.is_set()


async def test_the_first_trouble_is_raised_the_next_is_told() -> None:
    with pytest.raises(ConnectionFailed):
        await anext(looks(failing(ConnectionFailed("not\nthere")), 0.01))
    patient = looks(failing(ConnectionFailed("not\nthere")), 0.01, patient=True)
    for _ in range(2):
        assert await anext(patient) == (None, "not there")


async def test_a_mistake_is_no_trouble() -> None:
    with pytest.raises(ZeroDivisionError):
        await anext(looks(failing(ZeroDivisionError()), 0.01, patient=True))
