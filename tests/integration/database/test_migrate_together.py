"""Many processes that start at the same moment, each finding no schema, or an old one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steve.sql import migrations

PROCESSES = 20

MIGRATE = """
import asyncio, sys
from steve.database.connect import connect
from steve.database.migrate import check, migrate

async def main(dsn, schema):
    async with await connect(dsn, name="steve") as connection:
        print("ready", flush=True)
        sys.stdin.readline()
        done = await migrate(connection, schema)
        await check(connection, schema)
    print(*(migration.version for migration in done), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("schema", ["steve", 'a"b'])
def test_all_succeed_and_each_migration_is_run_once(dsn: str, schema: str) -> None:
    fleet = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, dsn, schema],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for process in fleet:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in fleet:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        ends = [process.communicate(timeout=90) for process in fleet]
    finally:
        for process in fleet:
            process.kill()
    assert [process.returncode for process in fleet] == [0] * PROCESSES, [end[1] for end in ends]
    run = sorted(int(number) for out, _ in ends for number in out.split())
    assert run == [migration.version for migration in migrations(schema)]
