from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from steve.worker import probe as module
from steve.worker.probe import Probe


class State:
    alive = True
    ready = False


@pytest.fixture
async def probe() -> AsyncIterator[Probe]:
    """A probe of a worker that is alive and not ready."""
    made = Probe(lambda: State.alive, lambda: State.ready, host="127.0.0.1", port=0)
    await made.start()
    yield made
    await made.stop()


async def ask(probe: Probe, request: bytes) -> str:
    reader, writer = await asyncio.open_connection(probe.host, probe.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return answer.decode()


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("GET /healthz HTTP/1.1", 200, "alive"),
        ("GET /healthz?verbose=1 HTTP/1.0", 200, "alive"),
        ("GET /readyz HTTP/1.1", 503, "not ready"),
        ("GET / HTTP/1.1", 404, "ask for /healthz or /readyz"),
        ("POST /healthz HTTP/1.1", 405, "GET only"),
        ("nonsense", 400, "not HTTP"),
        ("GET /\N{SNOWMAN} HTTP/1.1", 400, "not HTTP"),
    ],
)
async def test_answers(probe: Probe, line: str, status: int, text: str) -> None:
    answer = await ask(probe, f"{line}\r\nHost: x\r\n\r\n".encode())
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert body == f"{text}\n"
    assert f"Content-Length: {len(body)}" in head


async def test_a_request_without_end(probe: Probe) -> None:
    assert "400" in await ask(probe, b"GET /" + b"x" * 100_000)


async def test_a_client_that_says_nothing(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    assert await ask(probe, b"GET /healthz") == ""


async def test_it_can_be_stopped_while_somebody_is_connected(probe: Probe) -> None:
    _, writer = await asyncio.open_connection(probe.host, probe.port)
    await probe.stop()
    writer.close()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(probe.host, probe.port)
