from __future__ import annotations

import os
import signal
import socket
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from support.command import Steve
from support.waiting import eventually


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def ask(port: int, path: str) -> int:
    """The status that the probe answers with; 0 when it does not answer."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status
    except HTTPError as error:
        return error.code
    except (URLError, ConnectionError):
        return 0


def pids(steve: Steve) -> set[int]:
    query = "select pid from steve.worker where died_at is null and expires_at > now()"
    return {pid for (pid,) in steve.rows(query)}


def test_processes_start_and_stop_together(steve: Steve) -> None:
    with steve.running("worker", "app", "--processes=2") as process:
        eventually(lambda: len(pids(steve)) == 2, 30, what="two workers")
        assert process.pid not in pids(steve)
        uid = steve.create("slow", '{"seconds": 1}')
        eventually(lambda: steve.status(uid) == "running", what="a running job")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert steve.status(uid) == "completed"
    assert pids(steve) == set()


def test_a_process_that_crashes_is_replaced(steve: Steve) -> None:
    with steve.running("worker", "app", "--processes=2") as process:
        before = eventually(lambda: two(steve), 30, what="two workers")
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        after = eventually(lambda: two(steve, without=victim), 30, what="a replacement")
        assert before & after == before - {victim}
        assert "crashed (SIGKILL)" in steve.said()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def two(steve: Steve, without: int = 0) -> set[int] | None:
    alive = {pid for pid in pids(steve) if pid != without}
    return alive if len(alive) == 2 else None


def test_processes_end_with_their_supervisor(steve: Steve) -> None:
    with steve.running("worker", "app", "--processes=2") as process:
        alive = eventually(lambda: two(steve), 30, what="two workers")
        process.kill()
        process.wait(10)
        eventually(lambda: not any(map(exists, alive)), 20, what="the end of the processes")
    assert pids(steve) == set()


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_processes_are_renewed(steve: Steve) -> None:
    with steve.running("worker", "app", "--processes=2", "--max-jobs=1", "--concurrency=1"):
        results = [steve("wait", steve.create("pid"), "--timeout=30").json for _ in range(3)]
    assert len(set(results)) == 3


def test_a_wrong_target_ends_the_fleet(steve: Steve) -> None:
    answer = steve("worker", "nowhere:jobs", "--processes=2", code=2)
    assert "there is no module 'nowhere'" in answer.err


@pytest.mark.parametrize("processes", ["1", "2"])
def test_probe(steve: Steve, processes: str) -> None:
    port = free_port()
    options = (f"--probe-port={port}", f"--processes={processes}")
    with steve.running("worker", "app", *options) as process:
        eventually(lambda: ask(port, "/readyz") == 200, 30, what="a ready worker")
        assert ask(port, "/healthz") == 200
        assert ask(port, "/else") == 404
        if processes == "2":
            os.kill(min(pids(steve)), signal.SIGSTOP)
            eventually(lambda: ask(port, "/healthz") == 503, 30, what="a worker that is stuck")
            os.kill(min(pids(steve)), signal.SIGCONT)
        process.terminate()
        assert process.wait(30) == 0
    assert ask(port, "/healthz") == 0


def test_a_probe_that_cannot_be(steve: Steve) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        said = steve.fails("worker", "app", f"--probe-port={port}", code=1)
    assert f"--probe-port {port}" in said.splitlines()[-1]
