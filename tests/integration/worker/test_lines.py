"""What handlers log is kept with their jobs: in order, bounded, and before the attempt ends."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from steve.core.control import Snooze
from steve.operations.monitor_job import Line, log
from steve.telemetry.catalogue import StatementFailed
from steve.worker.lines import MOST_BYTES, MOST_LINES
from support.waiting import eventually_async

if TYPE_CHECKING:
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench

FINISHES = "steve worker finishes"


async def lines(bench: Bench, uid: UUID) -> list[Line]:
    return await bench.run(log(uid, limit=5000))


async def messages(bench: Bench, uid: UUID) -> list[str]:
    return [line.message for line in await lines(bench, uid)]


def write_log(job: Job) -> None:
    job.log.debug("too little")
    job.log.info("sent %d of %d", 1, 2)
    job.log.warning("slow")
    try:
        raise KeyError("who")
    except KeyError:
        job.log.exception("it went wrong")


async def in_task(job: Job) -> None:
    write_log(job)
    await asyncio.sleep(0)


def in_thread(job: Job) -> None:
    write_log(job)


@pytest.mark.parametrize("handler", [in_task, in_thread])
async def test_lines_are_kept(bench: Bench, handler: Any) -> None:
    station = await bench.worker({"t": handler})
    uid = await bench.create()
    assert (await station.over(uid)).status == "completed"
    one, two, three = await lines(bench, uid)
    assert (one.message, one.level, one.attempt) == ("sent 1 of 2", 20, 1)
    assert (two.message, two.level) == ("slow", 30)
    assert three.message.startswith("it went wrong\nTraceback (most recent call last):\n")
    assert three.message.endswith("KeyError: 'who'")
    assert one.id < two.id < three.id


async def test_lines_are_there_while_the_handler_runs(bench: Bench) -> None:
    go_on = asyncio.Event()

    async def handler(job: Job) -> None:
        job.log.info("begun")
        await go_on.wait()
        job.log.info("over")

    station = await bench.worker({"t": handler})
    uid = await bench.create()

    async def begun() -> bool:
        return await messages(bench, uid) == ["begun"]

    await eventually_async(begun)
    assert (await bench.find(uid)).status == "running"
    go_on.set()
    await station.over(uid)
    assert await messages(bench, uid) == ["begun", "over"]


async def test_all_attempts_keep_their_lines(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        job.log.info("attempt")
        if job.attempts == 1:
            raise ValueError
        if job.attempts == 2:
            raise Snooze(0)

    station = await bench.worker({"t": handler})
    uid = await bench.create(backoff_strategy="none")
    await station.over(uid)
    assert [line.attempt for line in await lines(bench, uid)] == [1, 2, 3]


async def test_many_jobs_at_once_lose_nothing(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        for number in range(5):
            job.log.info("%s %d", job.payload, number)

    station = await bench.worker({"t": handler}, concurrency=20)
    uids = await bench.create_many("t", list(range(300)))
    await station.all_over(300)
    for payload, uid in enumerate(uids):
        assert await messages(bench, uid) == [f"{payload} {number}" for number in range(5)]


async def test_lines_of_several_threads_are_all_kept(bench: Bench) -> None:
    def handler(job: Job) -> None:
        def talk(name: int) -> None:
            for number in range(100):
                job.log.info("%d %d", name, number)

        threads = [threading.Thread(target=talk, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    await station.over(uid)
    found = [message.split() for message in await messages(bench, uid)]
    assert len(found) == 400
    for name in range(4):
        assert [number for who, number in found if who == str(name)] == [str(n) for n in range(100)]


@pytest.mark.parametrize("size", [1, 2000])
async def test_what_is_too_much_is_counted(bench: Bench, size: int) -> None:
    async def handler(job: Job) -> None:
        for _ in range(2500):
            job.log.info("x" * size)

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    await station.over(uid)
    *kept, last = await lines(bench, uid)
    assert len(kept) == min(MOST_LINES, MOST_BYTES // size)
    assert (last.message, last.level) == (f"{2500 - len(kept):,} more lines were left out", 30)


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_lines_are_written_before_a_transaction_commits(bench: Bench, kind: str) -> None:
    def many(job: Job) -> None:
        for number in range(MOST_LINES + 5):
            job.log.info("%d", number)

    async def handler(job: Job) -> None:
        async with job.transaction() as connection:
            await connection.execute("select 1")
            many(job)

    def blocking(job: Job) -> None:
        with job.transaction() as connection:
            connection.execute("select 1")
            many(job)

    station = await bench.worker({"async": handler, "def": blocking})
    uid = await bench.create(kind)
    assert (await station.over(uid)).status == "completed"
    expected = [*map(str, range(MOST_LINES)), "5 more lines were left out"]
    assert await messages(bench, uid) == expected


async def test_who_logs_nothing_writes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(job: Job) -> None:
        job.log.debug("nothing to keep")

    station = await bench.worker({"t": handler})
    finisher = station.worker._finisher  # pyright: ignore[reportPrivateUsage]

    async def never(*_: Any) -> None:
        raise AssertionError("something was written")

    monkeypatch.setattr(finisher.lines, "_send", never)
    assert (await station.over(await bench.create())).status == "completed"


async def test_outside_the_handler_a_line_is_only_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    kept: list[Job] = []

    async def handler(job: Job) -> None:
        kept.append(job)

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    await station.over(uid)
    with caplog.at_level("INFO", "steve.job"):
        kept[0].log.info("late")
    assert [record.getMessage() for record in caplog.records] == ["late"]
    assert await messages(bench, uid) == []


async def test_a_logger_that_outlives_its_handler_keeps_nothing(bench: Bench) -> None:
    logs: list[Any] = []

    async def handler(job: Job) -> None:
        logs.append(job.log)
        job.log.info("in time")

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    await station.over(uid)
    logs[0].info("late")
    # Behind whatever would have been written.
    await station.over(await bench.create())
    assert await messages(bench, uid) == ["in time"]


async def test_a_lost_connection_loses_no_lines(bench: Bench) -> None:
    go_on = asyncio.Event()

    async def handler(job: Job) -> None:
        await go_on.wait()
        job.log.info("after the cut")

    async def first(job: Job) -> None: ...

    station = await bench.worker({"t": handler, "first": first})
    # The connection is there from then on.
    await station.over(await bench.create("first"))
    uid = await bench.create()
    await station.started(uid)
    await bench.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = %s and datname = current_database()",
        FINISHES,
    )
    go_on.set()
    assert (await station.over(uid)).status == "completed"
    assert await messages(bench, uid) == ["after the cut"]


async def test_lines_that_cannot_be_written_hold_up_nothing(own_bench: Bench) -> None:
    async def handler(job: Job) -> None:
        job.log.info("nowhere to go")

    await own_bench.sql("alter table steve.log rename to log_away")
    station = await own_bench.worker({"t": handler})
    uid = await own_bench.create()
    assert (await station.over(uid)).status == "completed"
    assert [event.what for event in station.events.of(StatementFailed)] == ["writing log lines"]


async def test_a_missing_partition_is_made(own_bench: Bench) -> None:
    async def handler(job: Job) -> None:
        job.log.info("kept")

    await own_bench.sql(
        "do $$ declare part regclass; begin "
        "for part in select inhrelid from pg_inherits where inhparent = 'steve.log'::regclass "
        "loop execute format('drop table %s', part); end loop; end $$"
    )
    station = await own_bench.worker({"t": handler})
    uid = await own_bench.create()
    await station.over(uid)
    assert await messages(own_bench, uid) == ["kept"]
