"""Two transactions: a job that is created with its order, and one that commits with its work.

    python examples/transaction.py

The shop writes an order and the job that charges for it together, or neither. The handler writes
its ledger entry and the end of the job together, so that a charge is never entered twice, whatever
crashes in between.
"""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg import AsyncConnection

from steve import Job, Jobs

jobs = Jobs()

TABLES = """
create table if not exists shop_order (id serial primary key, item text not null);
create table if not exists shop_ledger (order_id integer not null, amount numeric not null);
"""


async def place_order(connection: AsyncConnection[Any], item: str, price: float) -> Job:
    """Write an order and its job in the transaction of `connection`."""
    cursor = await connection.execute(
        "insert into shop_order (item) values (%s) returning id", [item]
    )
    row = await cursor.fetchone()
    assert row is not None
    return await jobs.create("charge", {"order": row[0], "price": price}, connection=connection)


@jobs.handler("charge", backoff_strategy="none")
async def charge(job: Job) -> None:
    async with job.transaction() as connection:
        await connection.execute(
            "insert into shop_ledger (order_id, amount) values (%s, %s)",
            [job.payload["order"], job.payload["price"]],
        )
    if job.attempts == 1:
        # The entry above is rolled back with this attempt.
        raise ConnectionError("the payment service hung up")


async def main(dsn: str) -> None:
    async with jobs, await AsyncConnection.connect(dsn) as connection:
        await connection.execute(TABLES)
        await connection.commit()

        async with connection.transaction():
            order = await place_order(connection, "tea", 4.50)

        try:
            async with connection.transaction():
                lost = await place_order(connection, "coffee", 5.20)
                raise ValueError("out of stock")
        except ValueError:
            found = await jobs.find(lost.uid)
            print("the job of the order that was rolled back:", found.job)

        await jobs.start(2)
        charged = await jobs.wait(order, timeout=10)
        print(f"charged after {charged.attempts} attempts")
        cursor = await connection.execute(
            "select count(*) from shop_ledger where order_id = %s", [order.payload["order"]]
        )
        print("entries in the ledger:", await cursor.fetchone())
