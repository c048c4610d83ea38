from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from support.command import Steve
from support.waiting import eventually


@contextmanager
def served(steve: Steve, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the URL that it has printed."""
    with steve.running("monitor", "--port", "0", *options) as process:

        def url() -> str:
            return (steve.folder / "out").read_text().partition("the monitor is at ")[2].strip()

        yield process, eventually(url, 20, what="a URL")


def read(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:  # noqa: S310
        return answer.read()


def test_it_shows_the_jobs_and_ends_while_pages_follow(steve: Steve) -> None:
    uid = steve.create("double")
    with served(steve) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        jobs = json.loads(read(url + "api/jobs"))["jobs"]
        assert [job["uid"] for job in jobs] == [uid]
        assert json.loads(read(url + "api/session"))["may_act"] is False
        followed = threading.Event()

        def follow() -> None:
            with urllib.request.urlopen(url + "api/events", timeout=20) as stream:  # noqa: S310
                stream.readline()
                followed.set()
                stream.read()

        pages = [threading.Thread(target=follow) for _ in range(3)]
        for page in pages:
            page.start()
        assert followed.wait(10)
        began = monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert monotonic() - began < 4
        for page in pages:
            page.join(10)
    assert "Traceback" not in steve.said()


def test_a_token_is_asked_for(steve: Steve) -> None:
    with served(steve, "--token", "secret", "--actions", "--title", "Ada's") as (process, url):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            read(url + "api/jobs")
        session = json.loads(read(url + "api/session", Authorization="Bearer secret"))
        assert (session["viewer"], session["may_act"]) == ("token", True)
        assert session["title"] == "Ada's"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_without_a_token_it_is_for_this_machine_only(steve: Steve) -> None:
    for host in ("example.org", "::", "10.1.2.3"):
        assert "pass --token" in steve.fails("monitor", "--host", host, code=2)


def test_a_port_that_is_taken_is_said(steve: Steve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "in use" in steve.fails("monitor", "--port", port, code=1)


def test_a_schema_that_is_missing_is_said(fresh: Steve) -> None:
    assert "steve migrate" in fresh.fails("monitor", "--port", "0", code=1)
