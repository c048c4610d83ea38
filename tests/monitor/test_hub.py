"""Races between looks at the database and what pages say meanwhile."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import msgspec

from steve.monitor.live.hub import Hub
from steve.monitor.shapes.jobs import Row
from steve.monitor.shapes.whole import Overview, Pulse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steve.monitor.live.client import Client
    from steve.monitor.live.notified import Notified

NOW = datetime.now(UTC)
PULSE = Pulse(NOW, 1.0, [], 0.0, 0.0, None, [], [])


def row(uid: UUID) -> Row:
    """A job of which nothing but the uid matters."""
    known = {"id": 1, "uid": uid, "type": "t", "queue": "q", "status": "pending", "preview": ""}
    times = {"created_at": NOW, "run_at": NOW, "updated_at": NOW}
    numbers = {"priority": 0, "attempts": 0, "max_attempts": 1, "cancelling": False, "tags": []}
    return msgspec.convert(dict.fromkeys(Row.__struct_fields__) | known | times | numbers, Row)


class HeldLook:
    """A look at a database of which every job is there, held up until it may end."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def whole(self, watched: Sequence[UUID]) -> tuple[Pulse, list[Row], list[Row]]:
        self.begun.set()
        await self.may_end.wait()
        return PULSE, [], await self.states(watched)

    async def states(self, watched: Sequence[UUID]) -> list[Row]:
        return [row(uid) for uid in watched]

    async def overview(self, pulse: Pulse) -> Overview:
        return Overview(pulse, [], None, [])


class NoNotifications:
    async def want(self, *_: object) -> None: ...

    async def end(self) -> None: ...


async def test_a_job_shown_while_a_look_is_under_way_is_not_gone() -> None:
    look = HeldLook()
    hub = Hub(look, cast("Notified", NoNotifications()), lambda: None)
    client = hub.join()
    await look.begun.wait()
    uid = uuid4()
    hub.watch(client.id, [uid])
    look.may_end.set()
    event = await jobs_event(client)
    hub.leave(client)
    assert event["gone"] == []
    assert [each["uid"] for each in event["changed"]] == [str(uid)]


async def test_pages_that_nobody_looks_for_any_more_are_sent_away() -> None:
    look = HeldLook()
    hub = Hub(look, cast("Notified", NoNotifications()), lambda: None)
    client = hub.join()
    await look.begun.wait()
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "steve monitor")
    task.cancel()
    async with asyncio.timeout(5):
        assert await client.next() is None


async def test_nobody_looks_once_it_is_closed() -> None:
    look = HeldLook()
    hub = Hub(look, cast("Notified", NoNotifications()), lambda: None)
    client = hub.join()
    await look.begun.wait()
    hub.leave(client)
    await hub.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    look.may_end.set()
    client = hub.join()
    async with asyncio.timeout(5):
        assert b"event: hello" in (await client.next() or b"")
    hub.leave(client)
    await hub.close()


async def jobs_event(client: Client) -> dict[str, Any]:
    """Wait for the next event about jobs."""
    while True:
        for line in ((await client.next()) or b"").decode().split("\n\n"):
            name, _, data = line.partition("\ndata: ")
            if name == "event: jobs":
                return json.loads(data)
