"""Jobs that no live worker handles: put aside, and brought back when one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steve.core.registry import Registry
from steve.maintenance.parking import BATCH, Parking
from steve.telemetry.catalogue import JobsParked, JobsUnparked
from steve.telemetry.telemetry import Telemetry
from support.events import Events
from support.silent import expire, registered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steve.core.job import Job
    from support.workers import Bench


async def handler(job: Job) -> None: ...


class Parker:
    """The parking of one worker that handles some types, and what it tells."""

    def __init__(
        self, bench: Bench, types: Sequence[str], queues: Sequence[str] = ("default",)
    ) -> None:
        telemetry = Telemetry()
        self.events = Events(telemetry)
        self.registry = Registry(None, dict.fromkeys(types, handler))
        self.unparked = 0
        self.parking = Parking(
            bench.run, self.registry, telemetry, queues=queues, on_unparked=self._on_unparked
        )

    async def park(self) -> set[tuple[str, str, int]]:
        before = len(self.events.of(JobsParked))
        await self.parking.park()
        return {(e.queue, e.type, e.count) for e in self.events.of(JobsParked)[before:]}

    def _on_unparked(self) -> None:
        self.unparked += 1


async def parked(bench: Bench) -> dict[str, int]:
    return dict(
        await bench.sql("select type, count(*) from steve.job where parked group by 1 order by 1")
    )


async def test_types_that_nobody_handles_are_parked(bench: Bench) -> None:
    await registered(bench, types=["known", "other"])
    for type in ("known", "unknown", "lost"):
        await bench.create_many(type, range(3))
    parker = Parker(bench, ["known"])
    assert await parker.park() == {("default", "unknown", 3), ("default", "lost", 3)}
    assert await parked(bench) == {"unknown": 3, "lost": 3}
    assert await parker.park() == set()


async def test_nothing_is_parked_while_somebody_handles_everything(bench: Bench) -> None:
    worker = await registered(bench, types=None)
    await bench.create_many("whatever", range(3))
    parker = Parker(bench, [])
    assert await parker.park() == set()
    # The dead handle nothing.
    await expire(bench, worker)
    assert await parker.park() == {("default", "whatever", 3)}


async def test_a_worker_of_another_queue_does_not_count(bench: Bench) -> None:
    await registered(bench, types=["t"], queues=["other"])
    for queue in ("default", "other", "third"):
        await bench.create(queue=queue)
    parker = Parker(bench, ["t"], ["default", "other"])
    assert await parker.park() == {("default", "t", 1)}


async def test_all_jobs_of_a_type_are_parked_the_scheduled_ones_too(bench: Bench) -> None:
    await bench.create_many("unknown", range(2))
    await bench.create_many("unknown", range(2), delay=3600)
    await bench.create_many("unknown", range(2), priority=5)
    await bench.create_many("later", range(2), delay=3600)
    parker = Parker(bench, [])
    # What is not due stands in nobody's way.
    assert await parker.park() == {("default", "unknown", 6)}


async def test_more_than_a_batch(bench: Bench) -> None:
    count = BATCH + 300
    await bench.sql(
        "insert into steve.job (uid, type) select gen_random_uuid(), 'unknown' "
        "from generate_series(1, %s)",
        count,
    )
    parker = Parker(bench, ["t"])
    assert await parker.park() == {("default", "unknown", count)}
    parker.registry.register("unknown", handler)
    await parker.parking.unpark()
    assert parker.events.of(JobsUnparked) == [JobsUnparked(count)]
    assert parker.unparked == 2
    assert await parked(bench) == {}


async def test_a_worker_brings_back_what_it_handles_itself(bench: Bench) -> None:
    for type in ("a", "b", "c"):
        await bench.create(type)
    await Parker(bench, []).park()
    assert await parked(bench) == {"a": 1, "b": 1, "c": 1}
    some = Parker(bench, ["b", "x"])
    await some.parking.unpark()
    assert await parked(bench) == {"a": 1, "c": 1}
    assert (some.unparked, some.events.of(JobsUnparked)) == (1, [JobsUnparked(1)])
    everything = Parker(bench, [])
    everything.registry.set_fallback(handler)
    await everything.parking.unpark()
    assert await parked(bench) == {}
    await everything.parking.unpark()
    assert everything.events.of(JobsUnparked) == [JobsUnparked(2)]


async def test_only_its_own_queues(bench: Bench) -> None:
    await bench.create(queue="a")
    await bench.create(queue="b")
    await Parker(bench, [], ["a", "b"]).park()
    await Parker(bench, ["t"], ["b"]).parking.unpark()
    assert await bench.sql("select queue from steve.job where parked") == [("a",)]


async def test_a_parked_job_runs_when_its_handler_comes(bench: Bench) -> None:
    station = await bench.worker({"known": handler})
    uid = await bench.create("unknown")
    parking = Parking(
        bench.run,
        station.registry,
        Telemetry(),
        queues=["default"],
        on_unparked=station.worker.wake,
    )
    await parking.park()
    assert await parked(bench) == {"unknown": 1}
    station.registry.register("unknown", handler)
    await parking.unpark()
    assert (await station.over(uid, within=1.0)).status == "completed"


async def test_a_parked_job_can_be_cancelled(bench: Bench) -> None:
    uid = await bench.create("unknown")
    await Parker(bench, []).park()
    assert await bench.cancel(uid) == [uid]
    assert (await bench.find(uid)).status == "cancelled"
