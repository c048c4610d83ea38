"""Events follow the database, and cost it the same for one page as for many."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

import httpx
import pytest

from monitor.conftest import Connection
from steve import Job, Jobs
from steve.monitor.live import client as client_module
from steve.monitor.live import hub as hub_module
from steve.monitor.live import stream as stream_module
from steve.monitor.pulse import Pulses
from steve.monitor.serving import serve
from steve.monitor.shapes.whole import Pulse
from support.monitor import Events, events, problem
from support.waiting import eventually_async

PAGES = 200


@pytest.fixture
async def url(jobs: Jobs) -> AsyncGenerator[str, None]:
    """Where a monitor that may act is served."""
    async with serve(jobs.monitor(actions=True), "127.0.0.1", 0) as url:
        yield url


@pytest.fixture
async def http(url: str) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A browser that may open any number of pages of it."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=limits) as http:
        http.headers["x-steve-token"] = (await http.get("api/session")).json()["csrf"]
        yield http


async def watch(http: httpx.AsyncClient, name: str, *shown: Job) -> None:
    body = {"client": name, "uids": [str(job.uid) for job in shown]}
    answer = await http.post("api/watch", json=body)
    assert answer.json() == {"done": True}, answer.text


async def change(stream: Events, status: str, uid: Any) -> dict[str, Any]:
    """Wait until a job is said to have this status."""
    async with asyncio.timeout(10):
        while True:
            for row in (await stream.next("jobs"))["changed"]:
                if row["uid"] == str(uid) and row["status"] == status:
                    return row


async def test_what_happens_is_told(http: httpx.AsyncClient, jobs: Jobs) -> None:
    async with events(http) as stream:
        name = (await stream.next("hello"))["client"]
        pulse = await stream.next("pulse")
        assert {each["status"] for each in pulse["counts"]} >= {"pending", "completed"}
        job = await jobs.create("a", {"n": 1})
        (row,) = (await stream.next("jobs"))["newest"]
        assert (row["uid"], row["status"]) == (str(job.uid), "pending")
        await watch(http, name, job)
        await jobs.cancel(job.uid)
        row = await change(stream, "cancelled", job.uid)
        assert row["completed_at"] is not None
        await jobs.delete(job.uid)
        while not (gone := (await stream.next("jobs"))["gone"]):
            pass
        assert gone == [str(job.uid)]
        await http.post("api/queues/pause", json={"name": "mail"})
        overview = await stream.next("overview")
        assert [each["action"] for each in overview["actions"]] == ["pause"]


async def test_the_end_of_a_job_shows_at_once(
    http: httpx.AsyncClient, jobs: Jobs, connection: Connection
) -> None:
    """Much sooner than the next look, since the database says it."""
    go_on = asyncio.Event()

    async def slow(job: Job) -> None:
        await go_on.wait()

    jobs.set_handler("slow", slow)
    job = await jobs.create("slow")
    await jobs.start(1)
    async with events(http) as stream:
        await watch(http, (await stream.next("hello"))["client"], job)

        async def asked_for() -> bool:
            cursor = await connection.execute(
                "select 1 from steve.sleeper where %s = any(uids)", (job.uid,)
            )
            return await cursor.fetchone() is not None

        await eventually_async(asked_for, what="an entry among those to be notified")
        late: list[float] = []
        while len(late) < 1:
            began = monotonic()
            go_on.set()
            await change(stream, "completed", job.uid)
            late.append(monotonic() - began)
    assert late[0] < 0.9


async def test_nothing_is_sent_while_nothing_happens(
    http: httpx.AsyncClient, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "KEEP_ALIVE_SECONDS", 0.5)
    async with events(http) as stream:
        await stream.next("hello")
        await stream.next("pulse")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.5):
                await stream.next("pulse", "jobs", "trouble")
    assert stream.comments >= 4


async def test_many_pages_cost_what_one_does(
    http: httpx.AsyncClient, jobs: Jobs, connection: Connection
) -> None:
    """By the transactions that the server itself has counted, in the same time."""
    job = await jobs.create("a")

    async def transactions() -> int:
        cursor = await connection.execute(
            "select xact_commit from pg_stat_database where datname = current_database()"
        )
        return (await cursor.fetchone() or (0,))[0]

    async def cost(pages: int) -> float:
        async with AsyncExitStack() as stack:
            streams = [await stack.enter_async_context(events(http)) for _ in range(pages)]
            for stream in streams:
                await watch(http, (await stream.next("hello"))["client"], job)
            await asyncio.sleep(2)
            before, began = await transactions(), monotonic()
            await asyncio.sleep(4)
            return (await transactions() - before) / (monotonic() - began)

    one = await cost(1)
    many = await cost(PAGES)
    assert 1 <= many <= one * 1.5 + 2, (one, many)


async def test_who_does_not_read_is_left(
    url: str, http: httpx.AsyncClient, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MOST_WAITING", 3)
    tags = [f"{number:0200}" for number in range(20)]
    await jobs.create_many([("a", {}, {"tags": tags})] * 200)
    shown = await jobs.fetch_all(limit=200)
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect((host, int(port)))
        lazy.sendall(f"GET /api/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        said = b""
        while b"client" not in said:
            said += await asyncio.to_thread(lazy.recv, 4096)
        name = said.partition(b'"client":"')[2][:32].decode()

        async def left() -> bool:
            # What a page begins to show is sent to it: that is a lot here.
            for uids in (shown[:100], shown[100:]):
                body = {"client": name, "uids": [str(job.uid) for job in uids]}
                answer = await http.post("api/watch", json=body)
                await asyncio.sleep(0.15)
                if answer.status_code == 409:
                    return True
            return False

        await eventually_async(left, 20, what="that it is left")
    async with events(http) as stream:
        await stream.next("hello")
        await jobs.create("b")
        assert (await stream.next("jobs"))["newest"][0]["type"] == "b"


async def test_a_page_is_told_that_the_database_cannot_be_looked_at(
    http: httpx.AsyncClient, jobs: Jobs, connection: Connection
) -> None:
    async with events(http) as stream:
        await stream.next("hello")
        await connection.execute("alter table steve.job rename to job_")
        try:
            assert "steve migrate" in (await stream.next("trouble"))["detail"]
        finally:
            await connection.execute("alter table steve.job_ rename to job")
        await jobs.create("a")
        assert (await stream.next("jobs"))["newest"][0]["type"] == "a"


async def test_the_streams_end_when_the_server_stops(jobs: Jobs) -> None:
    async with AsyncExitStack() as stack:
        async with serve(jobs.monitor(), "127.0.0.1", 0) as url:
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=url))
            streams = [await stack.enter_async_context(events(http)) for _ in range(5)]
            for stream in streams:
                await stream.next("hello")
            began = monotonic()
        assert monotonic() - began < 2
        for stream in streams:
            with pytest.raises(EOFError):
                await stream.next("nothing")


async def test_nobody_looks_when_the_last_page_has_gone(
    http: httpx.AsyncClient, jobs: Jobs
) -> None:
    def looking() -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks()} & {"steve monitor"}

    async with events(http) as stream:
        await stream.next("hello")
        assert looking()

    async def rests() -> bool:
        return not looking()

    await eventually_async(rests, what="an end of looking")
    async with events(http) as stream:
        await stream.next("hello")


async def test_too_much_is_not_followed(http: httpx.AsyncClient, jobs: Jobs) -> None:
    def uids(page: int, count: int) -> list[str]:
        return [f"{page:08}-0000-7000-8000-{number:012}" for number in range(count)]

    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(events(http)) for _ in range(11)]
        names = [(await stream.next("hello"))["client"] for stream in streams]
        for page, name in enumerate(names):
            body = {"client": name, "uids": uids(page, 200)}
            answer = await http.post("api/watch", json=body)
            assert answer.status_code == (200 if page < 10 else 503)
        body = {"client": names[0], "uids": uids(0, 201)}
        assert (await http.post("api/watch", json=body)).status_code == 400


async def test_one_page_too_many_is_told(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MOST_CLIENTS", 1)
    async with events(http) as stream:
        await stream.next("hello")
        answer = await http.get("api/events")
        assert (answer.status_code, problem(answer)) == (503, "too many pages are open")


async def test_where_looking_is_slow_it_is_done_less_often(
    http: httpx.AsyncClient, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Pulses.take

    async def slowly(pulses: Pulses) -> Pulse:
        await asyncio.sleep(0.25)
        return await take(pulses)

    monkeypatch.setattr(Pulses, "take", slowly)
    async with events(http) as stream:
        # The first look makes connections, and says nothing about the next ones.
        assert (await stream.next("pulse"))["interval"] == 1.0
        await jobs.create("a")
        assert (await stream.next("pulse"))["interval"] >= 2.5
        began = monotonic()
        await jobs.create("a")
        await stream.next("jobs")
        assert monotonic() - began > 1.5
