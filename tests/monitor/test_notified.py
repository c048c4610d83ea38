"""Being notified of the jobs that pages show costs little, also where it does not work."""

from __future__ import annotations

import logging
import random
from uuid import UUID, uuid4

import pytest

from monitor.conftest import Connection
from steve import Jobs
from steve.events.watch import MOST_WATCHED
from steve.jobs.monitoring import Inside
from steve.monitor.live.notified import Notified
from steve.monitor.source import Source

pytestmark = pytest.mark.any_postgres


def made(jobs: Jobs) -> Notified:
    return Notified(Source(Inside(jobs, "steve", jobs._opened, jobs._tell)))


@pytest.fixture
def notified(jobs: Jobs) -> Notified:
    return made(jobs)


async def test_what_is_not_allowed_is_not_tried_at_each_look(
    notified: Notified, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await connection.execute("alter table steve.sleeper rename to elsewhere")
    try:
        with caplog.at_level(logging.DEBUG, "steve.monitor"):
            for _ in range(3):
                await notified.want([uuid4()], lambda: None)
        assert caplog.messages.count("the monitor is not notified of jobs") == 1
    finally:
        await connection.execute("alter table steve.elsewhere rename to sleeper")
    await notified.end()


async def test_more_jobs_than_can_be_named_are_named_once(
    notified: Notified, connection: Connection
) -> None:
    uids = [uuid4() for _ in range(MOST_WATCHED + 100)]
    said: list[object] = []
    for _ in range(2):
        await notified.want(random.sample(uids, len(uids)), lambda: None)
        found = await connection.execute("select until, cardinality(uids) from steve.sleeper")
        said += await found.fetchall()
    await notified.end()
    assert len(set(said)) == 1


async def test_two_monitors_of_one_manager_do_not_take_it_from_each_other(
    notified: Notified, jobs: Jobs, connection: Connection
) -> None:
    async def names() -> list[list[UUID]]:
        found = await connection.execute("select uids from steve.sleeper")
        return [uids for (uids,) in await found.fetchall()]

    one, two = uuid4(), uuid4()
    other = made(jobs)
    await notified.want([one], lambda: None)
    await other.want([two], lambda: None)
    assert sorted(await names()) == sorted([[one], [two]])
    await other.end()
    assert await names() == [[one]]
    await notified.end()
