from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any
from urllib.request import urlopen

from support.command import Steve
from support.terminal import terminal
from support.waiting import eventually

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/#/jobs")


def ask(address: str, path: str) -> Any:
    """Ask the monitor whose page has this address."""
    with urlopen(address.partition("#")[0] + path, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def test_demo_ends_by_itself(fresh: Steve) -> None:
    before = time.monotonic()
    answer = fresh("demo", "--db", fresh.dsn, "--seconds=3", "--json")
    summary = answer.json
    assert ADDRESS.fullmatch(answer.err.splitlines()[0])
    assert time.monotonic() - before < 15
    assert set(summary) == {
        "seconds",
        "created",
        "completed",
        "failed",
        "cancelled",
        "retried",
        "pending",
    }
    assert summary["created"] >= 1
    finished = summary["completed"] + summary["failed"] + summary["pending"]
    assert finished == summary["created"]
    types = {kind for (kind,) in fresh.rows("select type from steve_demo.jobs")}
    assert types <= {"foo", "bar", "baz", "bat"}
    assert fresh.rows("select distinct max_attempts from steve_demo.jobs") == [(2,)]
    # The monitor has something to show, and nothing of it gets in between here.
    assert fresh.rows("select message from steve_demo.log where message like '%steps of%'")
    assert answer.err.count("\n") == 2, answer.err


def test_demo_tells_what_happens_in_lines(fresh: Steve) -> None:
    lines = fresh("demo", "--db", fresh.dsn, "--seconds=3").out.splitlines()
    assert ADDRESS.fullmatch(lines[0])
    assert " created" in lines[1]
    assert "still pending" in lines[-1]
    assert any("attempt 1/2 started" in line for line in lines)


def test_demo_takes_no_database_from_the_environment(steve: Steve) -> None:
    # A home that cannot be: if it does not look at the environment, it has nothing else.
    away = {"STEVE_HOME": "/proc/nothing", "DATABASE_URL": steve.dsn}
    assert "/proc/nothing" in steve("demo", "--seconds=1", env=away, code=1).err
    assert steve.rows("select to_regnamespace('steve_demo') is null") == [(True,)]
    assert steve.rows("select count(*) from steve.jobs") == [(0,)]


def test_demo_keeps_out_of_other_schemas(steve: Steve) -> None:
    steve.create("mail")
    place = ("--db", steve.dsn, "--seconds=1", "--schema=steve")
    assert "other jobs" in steve("demo", *place, code=2).err
    assert steve.rows("select count(*) from steve.jobs") == [(1,)]


def test_demo_stops_upon_ctrl_c(fresh: Steve) -> None:
    with fresh.running("demo", "--db", fresh.dsn) as process:
        out = fresh.folder / "out"
        eventually(lambda: " started" in out.read_text(), 20, what="a running job")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "still pending" in out.read_text()
    assert fresh.rows("select count(*) from steve_demo.job where status = 'running'") == [(0,)]


def test_demo_shows_its_monitor(fresh: Steve) -> None:
    with fresh.running("demo", "--db", fresh.dsn) as process:
        out = fresh.folder / "out"
        address = eventually(lambda: ADDRESS.match(out.read_text()), 20, what="the address")[0]
        # Who comes this early waits, and is not refused.
        assert ask(address, "api/session")["may_act"] is True
        jobs = eventually(lambda: ask(address, "api/jobs")["jobs"], 20, what="a job")
        assert {job["type"] for job in jobs} <= {"foo", "bar", "baz", "bat"}
        before = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert time.monotonic() - before < 15
    assert fresh.said().count("\n") == 1


def test_demo_takes_another_port_where_its_own_is_taken(fresh: Steve) -> None:
    with socket.socket() as other:
        # Somebody else may have it already, which is just as well.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            other.bind(("127.0.0.1", 8585))
            other.listen()
        with fresh.running("demo", "--db", fresh.dsn):
            out = fresh.folder / "out"
            found = eventually(lambda: ADDRESS.match(out.read_text()), 20, what="the address")
            assert found[1] != "8585"
            assert ask(found[0], "api/session")["title"] == "steve demo"


def test_demo_on_a_terminal(fresh: Steve) -> None:
    with terminal(fresh, "demo", "--db", fresh.dsn, rows=16) as screen:
        screen.shows("completed", "Ctrl-C stops the demo", "running")
        eventually(lambda: len(fresh.rows("select uid from steve_demo.jobs")) > 3, 30)
        lines = screen.shows("#/jobs", "started").splitlines()
        assert ADDRESS.fullmatch(lines[0])
        assert lines[1].startswith("steve demo on ")
        screen.press("\x03")
        assert screen.ends() == 0
        assert ADDRESS.match(screen.lines[0])
        assert "still pending" in screen.text


def test_demo_does_without_the_monitor(fresh: Steve) -> None:
    script = "import sys; sys.modules['uvicorn'] = None; from steve.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "demo", "--db", fresh.dsn, "--seconds=2"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0
    assert 'pip install "pg-steve[monitor]"' in done.stderr.splitlines()[0]
    assert "still pending" in done.stdout


def test_demo_refuses(steve: Steve) -> None:
    steve.fails("demo", "--seconds=0", code=2)
    steve.fails("demo", "--seconds=x", code=2)
