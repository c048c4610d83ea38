from __future__ import annotations

import signal
import time

from support.command import Steve
from support.waiting import eventually


def test_demo_ends_by_itself(fresh: Steve) -> None:
    before = time.monotonic()
    summary = fresh("demo", "--db", fresh.dsn, "--seconds=3", "--json").json
    assert time.monotonic() - before < 15
    assert set(summary) == {"seconds", "created", "completed", "failed", "retried", "pending"}
    assert summary["created"] >= 1
    finished = summary["completed"] + summary["failed"] + summary["pending"]
    assert finished == summary["created"]
    types = {kind for (kind,) in fresh.rows("select type from steve_demo.jobs")}
    assert types <= {"foo", "bar", "baz", "bat"}
    assert fresh.rows("select distinct max_attempts from steve_demo.jobs") == [(2,)]


def test_demo_tells_what_happens_in_lines(fresh: Steve) -> None:
    lines = fresh("demo", "--db", fresh.dsn, "--seconds=3").out.splitlines()
    assert " created" in lines[0]
    assert "still pending" in lines[-1]
    assert any("attempt 1/2 started" in line for line in lines)


def test_demo_takes_no_database_from_the_environment(steve: Steve) -> None:
    # A home that cannot be: if it does not look at the environment, it has nothing else.
    away = {"STEVE_HOME": "/proc/nothing", "DATABASE_URL": steve.dsn}
    assert "/proc/nothing" in steve.fails("demo", "--seconds=1", env=away, code=1)
    assert steve.rows("select to_regnamespace('steve_demo') is null") == [(True,)]
    assert steve.rows("select count(*) from steve.jobs") == [(0,)]


def test_demo_keeps_out_of_other_schemas(steve: Steve) -> None:
    steve.create("mail")
    place = ("--db", steve.dsn, "--seconds=1", "--schema=steve")
    assert "other jobs" in steve.fails("demo", *place, code=2)
    assert steve.rows("select count(*) from steve.jobs") == [(1,)]


def test_demo_stops_upon_ctrl_c(fresh: Steve) -> None:
    with fresh.running("demo", "--db", fresh.dsn) as process:
        out = fresh.folder / "out"
        eventually(lambda: " started" in out.read_text(), 20, what="a running job")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "still pending" in out.read_text()
    assert fresh.rows("select count(*) from steve_demo.job where status = 'running'") == [(0,)]


def test_demo_refuses(steve: Steve) -> None:
    steve.fails("demo", "--seconds=0", code=2)
    steve.fails("demo", "--seconds=x", code=2)
