"""The probe of a worker command, if one was asked for."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import click

from steve.worker.probe import Probe

logger = logging.getLogger("steve.worker")


@asynccontextmanager
async def probing(
    alive: Callable[[], bool], ready: Callable[[], bool], host: str, port: int | None
) -> AsyncGenerator[None, None]:
    """Answer /healthz and /readyz for as long as the block runs; without a port do nothing."""
    if port is None:
        yield
        return
    probe = Probe(alive, ready, host=host, port=port)
    try:
        await probe.start()
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(f"--probe-port {port} on {host}: {reason}") from None
    logger.info("probe on http://%s:%s/healthz and /readyz", host, probe.port)
    try:
        yield
    finally:
        await probe.stop()
