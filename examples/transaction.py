"""Two transactions: a job that is created with its order, and one that commits with its work.

    python examples/transaction.py

The shop writes an order and the job that charges for it together, or neither. The handler writes
its ledger entry and the end of the job together, so that a charge is never entered twice, whatever
crashes in between.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from psycopg import AsyncConnection

from steve import Job, Jobs

TABLES = """
create table if not exists shop_order (id serial primary key, item text not null);
create table if not exists shop_ledger (order_id integer not null, amount numeric not null);
"""


async def place_order(jobs: Jobs, connection: AsyncConnection[Any], item: str, price: float) -> Job:
    """Write an order, and the job that charges for it, in the caller's transaction."""
    cursor = await connection.execute(
        "insert into shop_order (item) values (%s) returning id", [item]
    )
    (order,) = await cursor.fetchone() or (None,)
    return await jobs.create(
        "charge",
        {"order": order, "price": price},
        backoff_strategy="none",
        connection=connection,
    )


async def charge(job: Job) -> None:
    """Enter the charge. The first attempt fails after it has done so."""
    async with job.transaction() as connection:
        await connection.execute(
            "insert into shop_ledger (order_id, amount) values (%s, %s)",
            [job.payload["order"], job.payload["price"]],
        )
    if job.attempts == 1:
        raise ConnectionError("the payment service hung up")


async def main() -> None:
    async with database() as dsn, await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(TABLES)
        jobs = Jobs(dsn, handlers={"charge": charge})
        async with jobs:
            await jobs.start(2)

            async with connection.transaction():
                tea = await place_order(jobs, connection, "tea", 4.5)
            done = await jobs.wait(tea, timeout=10)
            print(f"tea: {done.status} after {done.attempts} attempts")

            cursor = await connection.execute(
                "select count(*) from shop_ledger where order_id = %s", [tea.payload["order"]]
            )
            print("entries in the ledger:", *await cursor.fetchone() or ())

            with suppress(SoldOut):
                async with connection.transaction():
                    coffee = await place_order(jobs, connection, "coffee", 5.2)
                    print("coffee, before the rollback:", coffee.status)
                    raise SoldOut
            print("jobs for coffee:", len(await jobs.fetch_all("pending", type="charge")))


class SoldOut(Exception):
    """Undoes an order."""


@asynccontextmanager
async def database() -> AsyncGenerator[str, None]:
    """The database that STEVE_DATABASE_URL names, else the embedded PostgreSQL."""
    if dsn := os.environ.get("STEVE_DATABASE_URL"):
        yield dsn
        return
    from steve.database.embedded import start

    async with await start() as server:
        yield server.dsn


if __name__ == "__main__":
    asyncio.run(main())
