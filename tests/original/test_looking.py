"""Finding one job, and a page of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from original.asking import attempts_of, finished, rows
from original.conftest import Connection, Make
from original.handlers import attempt, fail
from steve import Job, Jobs, OptionError, OptionTypeError


@pytest.fixture
async def three(make: Make) -> Jobs:
    """A manager that has completed one job, failed another, and does not know a third."""
    jobs = make(handlers={"t": attempt, "f": fail})
    await jobs.start(1)
    for n, type in enumerate(("t", "f")):
        await finished(jobs, type, n, max_attempts=1)
    await jobs.create("nobody", 2)
    await jobs.stop()
    return jobs


def numbers(page: list[Job]) -> list[int]:
    return [job.payload for job in page]


async def test_what_is_unknown_is_nothing(jobs: Jobs) -> None:
    """The original finds undefined; here it is None, with attempts or without."""
    assert await jobs.find(uuid4()) == (None, None)
    assert await jobs.find(uuid4(), with_attempts=True) == (None, None)


async def test_attempts_only_when_asked_for(jobs: Jobs) -> None:
    """The original's attempts are null unless requested, and so it is here, with None."""
    job = await jobs.create("t")
    assert (await jobs.find(job.uid)).attempts is None
    assert (await jobs.find(job.uid, with_attempts=True)).attempts == []


async def test_attempts_come_oldest_first(make: Make) -> None:
    """The original lists attempts oldest first, and so it is here."""
    jobs = make(handlers={"f": fail})
    await jobs.start(1)
    job = await finished(jobs, "f", max_attempts=3, backoff_strategy="none")
    assert [one.attempt_number for one in await attempts_of(jobs, job)] == [1, 2, 3]


async def test_a_malformed_uid(jobs: Jobs) -> None:
    """The original passes the database's error on; here it is a ValueError and nothing is sent."""
    with pytest.raises(ValueError, match="malformed"):
        await jobs.find("not-a-uid")


async def test_by_status(three: Jobs) -> None:
    """The original takes one, several or all, empty ones dropped, and so it is here."""
    assert numbers(await three.fetch_all(None)) == [2, 1, 0]
    assert numbers(await three.fetch_all("completed")) == [0]
    assert numbers(await three.fetch_all("running")) == []
    assert numbers(await three.fetch_all(["completed", "failed"])) == [1, 0]
    assert numbers(await three.fetch_all(["failed", None, "failed"])) == [1]


async def test_a_status_that_does_not_exist(jobs: Jobs) -> None:
    """The original finds no rows; here it is a ValueError that names the allowed ones."""
    with pytest.raises(OptionError, match="completed"):
        await jobs.fetch_all("done")  # pyright: ignore[reportArgumentType]


async def test_the_newest_first_unless_ascending(three: Jobs) -> None:
    """The original orders by id, descending unless asc, and so it is here."""
    assert numbers(await three.fetch_all()) == [2, 1, 0]
    assert numbers(await three.fetch_all(ascending=True)) == [0, 1, 2]


async def test_ascending_is_true_or_false(jobs: Jobs) -> None:
    """The original reads asc from "1", "true" and the like; here text is a TypeError."""
    with pytest.raises(OptionTypeError, match="ascending"):
        await jobs.fetch_all(ascending="true")  # pyright: ignore[reportArgumentType]


async def test_ten_are_a_page(jobs: Jobs) -> None:
    """The original's limit is 10 and its offset 0, and so it is here."""
    await jobs.create_many([("t", n) for n in range(12)])
    assert numbers(await jobs.fetch_all()) == list(range(11, 1, -1))
    assert numbers(await jobs.fetch_all(limit=3, offset=10)) == [1, 0]


async def test_no_window_hides_what_is_older(three: Jobs, connection: Connection) -> None:
    """The original shows the last 30 minutes; here everything, and `since` makes a window."""
    await rows(connection, "update steve.job set created_at = created_at - interval '31 min'")
    assert numbers(await three.fetch_all()) == [2, 1, 0]
    assert numbers(await three.fetch_all(since=1800)) == [1, 0]
    assert numbers(await three.fetch_all(since=timedelta(hours=1))) == [2, 1, 0]


async def test_a_hostile_window_is_harmless(three: Jobs) -> None:
    """The original makes 30 minutes of what is no number; here it is a TypeError."""
    since: Any
    for since in ("1); drop table steve.job; --", "30", []):
        with pytest.raises(OptionTypeError, match="since"):
            await three.fetch_all(since=since)
    assert len(await three.fetch_all()) == 3


async def test_a_window_of_less_than_nothing(three: Jobs) -> None:
    """The original takes a negative window for 0; here it is a ValueError, and 0 is nothing."""
    assert await three.fetch_all(since=0) == []
    with pytest.raises(OptionError, match="since"):
        await three.fetch_all(since=-1)
