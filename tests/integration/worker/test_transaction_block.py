"""The block of `job.transaction()`: joined by others, and closed to the handler when it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench

INSERT = "insert into public.effect values (%s, %s)"


async def test_a_second_block_joins_the_first(bench: Bench, effects: Any) -> None:
    async def handler(job: Job) -> None:
        async with job.transaction() as one:
            await one.execute(INSERT, (job.uid, "one"))
        async with job.transaction() as two, job.transaction() as three:
            assert two is one is three
            cursor = await two.execute("select note from public.effect")
            assert await cursor.fetchall() == [("one",)]
            await three.execute(INSERT, (job.uid, "two"))
        assert await effects() == []

    def blocking(job: Job) -> None:
        with job.transaction() as one:
            one.execute(INSERT, (job.uid, "three"))
        with job.transaction() as two:
            assert two is one
            two.execute(INSERT, (job.uid, "four"))

    station = await bench.worker({"a": handler, "b": blocking})
    for type in "ab":
        job = await station.over(await bench.create(type, max_attempts=1))
        assert job.error is None
    assert await effects() == ["four", "one", "three", "two"]


async def test_a_spoiled_transaction_is_not_begun_again(bench: Bench, effects: Any) -> None:
    async def handler(job: Job) -> str:
        try:
            async with job.transaction() as connection:
                await connection.execute(INSERT, (job.uid, "one"))
                raise ValueError("inside")
        except ValueError:
            pass
        if job.payload:
            async with job.transaction():
                pass
        return "went on"

    station = await bench.worker({"t": handler})
    job = await station.over(await bench.create("t", True, max_attempts=1))
    assert job.error is not None
    assert "rolled back" in job.error.message
    # Who catches the error himself has decided to do without the writes.
    job = await station.over(await bench.create("t", False, max_attempts=1))
    assert job.result == "went on"
    assert await effects() == []


async def test_the_connection_is_closed_to_the_handler_after_the_block(
    bench: Bench, effects: Any
) -> None:
    async def handler(job: Job) -> None:
        async with job.transaction() as connection:
            cursor = await connection.execute("select 1")
        with pytest.raises(psycopg.ProgrammingError, match="block was left"):
            await connection.execute(INSERT, (job.uid, "outside"))
        with pytest.raises(psycopg.ProgrammingError, match="block was left"):
            await cursor.execute(INSERT, (job.uid, "outside"))

    def blocking(job: Job) -> None:
        with job.transaction() as connection:
            pass
        with pytest.raises(psycopg.ProgrammingError, match="block was left"):
            connection.execute(INSERT, (job.uid, "outside"))

    station = await bench.worker({"a": handler, "b": blocking})
    for type in "ab":
        job = await station.over(await bench.create(type, max_attempts=1))
        assert (job.status, job.error) == ("completed", None)
    assert await effects() == []


async def test_a_handler_cannot_commit_by_itself(bench: Bench, effects: Any) -> None:
    async def handler(job: Job) -> None:
        async with job.transaction() as connection:
            await connection.execute(INSERT, (job.uid, "one"))
            with pytest.raises(psycopg.ProgrammingError):
                await connection.commit()
            with pytest.raises(psycopg.ProgrammingError):
                await connection.rollback()
            # Savepoints are its own business.
            async with connection.transaction(force_rollback=True):
                await connection.execute(INSERT, (job.uid, "two"))
        assert await effects() == []

    def blocking(job: Job) -> None:
        with job.transaction() as connection, pytest.raises(psycopg.ProgrammingError):
            connection.commit()

    station = await bench.worker({"a": handler, "b": blocking})
    for type in "ab":
        assert (await station.over(await bench.create(type, max_attempts=1))).error is None
    assert await effects() == ["one"]


async def test_the_colours_do_not_mix(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        async with job.transaction():
            pass
        with job.transaction():
            pass

    station = await bench.worker({"t": handler})
    job = await station.over(await bench.create(max_attempts=1))
    assert job.error is not None
    assert job.error.type == "TypeError"
