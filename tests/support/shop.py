"""The work of a shop, as the pictures in the documents show it: `steve worker support.shop:jobs`.

Nothing is sold, sent or drawn. Handlers take their time, log, say how far they are, and fail in the
ways that such handlers have.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

from steve import Job, Jobs

QUEUES = ("default", "mail", "billing", "media", "search")
BRANDS = ("visa", "mastercard", "sepa")

jobs = Jobs(queues=QUEUES, poll_interval=0.5, lease=10.0, grace=1.0)


class CardDeclined(Exception):
    """The bank says no."""


class UnknownAddress(Exception):
    """Nobody lives there."""


async def reach(host: str, seconds: float) -> None:
    await asyncio.sleep(seconds / 40)
    raise TimeoutError(f"{host} did not answer within {seconds:g} s")


@jobs.handler("send_receipt", queue="mail")
async def send_receipt(job: Job) -> dict[str, Any]:
    await asyncio.sleep(random.uniform(0.02, 0.2))
    if job.payload.get("broken"):
        address = job.payload["to"]
        raise UnknownAddress(f"550 5.1.1 <{address}>: recipient address rejected")
    return {"message_id": f"<{job.uid.hex[:12]}@mail.kilnandclay.example>"}


@jobs.handler("order_shipped", queue="mail")
async def order_shipped(job: Job) -> dict[str, Any]:
    return await send_receipt(job)


@jobs.handler("charge_card", queue="billing", max_attempts=4)
async def charge_card(job: Job) -> dict[str, Any]:
    await asyncio.sleep(random.uniform(0.2, 1.2))
    authorize(job.payload)
    if job.payload.get("unreachable"):
        await reach("payments.example", 10)
    return {"authorized": job.payload["amount"], "brand": random.choice(BRANDS)}


def authorize(order: dict[str, Any]) -> None:
    if order.get("declined"):
        raise CardDeclined(f"order {order['order']}: insufficient funds")


@jobs.handler("resize_image", queue="media")
async def resize_image(job: Job) -> dict[str, Any]:
    for number, width in enumerate((320, 640, 1280, 2560), 1):
        await asyncio.sleep(random.uniform(0.2, 0.8))
        await job.progress(number / 4, f"{width} px")
        if job.payload.get("broken") and number == 2:
            raise OSError(f"cannot identify image file '{job.payload['file']}'")
    return {"sizes": [320, 640, 1280, 2560]}


@jobs.handler("transcode_video", queue="media")
async def transcode_video(job: Job) -> None:
    job.log.info("%s: 1920 by 1080, 24 frames a second", job.payload["file"])
    for percent in range(int(job.payload.get("from", 0)), 100):
        await job.progress(percent / 100, f"second {percent * 3} of 300")
        await asyncio.sleep(1.5)


@jobs.handler("reindex_product", queue="search")
async def reindex_product(job: Job) -> dict[str, Any]:
    await asyncio.sleep(random.uniform(0.01, 0.08))
    return {"terms": 40 + job.payload["product"] % 60}


@jobs.handler("sync_inventory")
async def sync_inventory(job: Job) -> dict[str, Any]:
    await asyncio.sleep(random.uniform(0.05, 0.3))
    if job.payload.get("broken"):
        return {"left": stock(job.payload["warehouse"])["celadon bowl"]}
    return {"changed": random.randint(0, 40)}


def stock(warehouse: str) -> dict[str, int]:
    return {f"{colour} cup": len(warehouse) for colour in ("white", "blue")}


@jobs.handler("import_catalog", max_attempts=3, backoff_strategy="none")
async def import_catalog(job: Job) -> None:
    source = job.payload["source"]
    job.log.info("reading %s", source["url"])
    await asyncio.sleep(0.4)
    job.log.info("4,812 products, 37 of them new")
    if job.attempts == 1:
        job.log.warning("%s is slow, 3 of 5 connections are waiting", source["host"])
        await reach(source["host"], 30)
    for number in range(1, 9):
        await job.progress(0.08 * number, f"{601 * number:,} of 4,812 products")
        job.log.info("batch %d: 601 products, %d changed", number, 17 + 11 * number % 40)
        await asyncio.sleep(0.15)
    job.log.warning("product 8841: no price in EUR, left as it was")
    await asyncio.sleep(600)


@jobs.handler("daily_report", max_attempts=1)
async def daily_report(job: Job) -> None:
    await asyncio.sleep(0.02)
    rows: list[int] = []
    job.log.info("revenue of %s: %d rows", job.payload["day"], len(rows))
    raise ZeroDivisionError("division by zero: no orders on this day")
