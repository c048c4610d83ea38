from __future__ import annotations

import os
import signal
from pathlib import Path
from subprocess import Popen

import psycopg
import pytest

from support.command import Steve
from support.waiting import eventually


@pytest.mark.parametrize("target", ["app:jobs", "app", "app:make_jobs", "app:holder.inner"])
def test_targets(steve: Steve, target: str) -> None:
    uid = steve.create("double", '{"n": 1}')
    steve("worker", target, "--max-jobs=1", timeout=30)
    assert steve.status(uid) == "completed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_gracefully(steve: Steve, worker: Popen[str], number: int) -> None:
    uid = steve.create("slow", '{"seconds": 1}')
    eventually(lambda: steve.status(uid) == "running", what="a running job")
    worker.send_signal(number)
    assert worker.wait(20) == 0
    assert steve.status(uid) == "completed"
    assert steve.live_workers() == 0
    assert "Traceback" not in steve.said()


def test_a_second_signal_gives_the_job_back(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("slow")
    eventually(lambda: steve.status(uid) == "running", what="a running job")
    worker.send_signal(signal.SIGTERM)
    eventually(lambda: "is stopping" in steve.said(), what="a stopping worker")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    query = "select status, attempts, refunded from steve.job where uid = %s"
    assert steve.rows(query, uid) == [("pending", 1, 1)]


def test_grace_is_bounded(steve: Steve) -> None:
    with steve.running("worker", "app", "--grace=0.3") as process:
        uid = steve.create("slow")
        eventually(lambda: steve.status(uid) == "running", 20, what="a running job")
        process.terminate()
        assert process.wait(20) == 0
    assert steve.status(uid) == "pending"


def test_it_serves_the_queues_that_it_is_told(steve: Steve) -> None:
    with steve.running("worker", "app", "--queue=mail=1", "--queue=more"):
        eventually(steve.live_workers, 20, what="a registered worker")
        assert steve.rows("select queues from steve.worker") == [(["mail", "more"],)]
        other, served = steve.create("double"), steve.create("double", queue="mail")
        steve("wait", served, "--timeout=20")
        assert steve.status(other) == "pending"


def test_it_goes_where_it_is_told(fresh: Steve) -> None:
    fresh("migrate", "--schema=elsewhere")
    place = ("--db", fresh.dsn, "--schema=elsewhere")
    uid = fresh("create", "double", *place).out.strip()
    away = {"STEVE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    fresh("worker", "app", "--max-jobs=1", *place, env=away)
    assert fresh("wait", uid, *place).json == {"doubled": 0}


def test_it_ends_after_a_while(steve: Steve) -> None:
    assert "stopped" in steve("worker", "app", "--max-time=500ms").err


def test_a_worker_that_cannot_go_on(steve: Steve, worker: Popen[str]) -> None:
    eventually(lambda: dropped(steve), 20, what="end of the schema")
    assert worker.wait(30) == 1
    said = steve.said()
    assert "Error: " in said
    assert "steve migrate" in said
    assert "Traceback" not in said


def dropped(steve: Steve) -> bool:
    """Drop the schema; the worker's statements lock its tables in another order."""
    try:
        steve.rows("drop schema steve cascade")
    except psycopg.errors.DeadlockDetected:
        return False
    return True


def test_no_database(steve: Steve) -> None:
    place = "postgresql://me:secret@127.0.0.1:1/none"
    (steve.folder / "away.py").write_text(
        f"from steve import Jobs\njobs = Jobs({place!r}, connect_timeout=0.5)\n"
    )
    said = steve.fails("worker", "away", code=1)
    assert "127.0.0.1:1/none" in said
    assert "secret" not in said


def broken(steve: Steve, text: str) -> str:
    (steve.folder / "broken.py").write_text(text)
    answer = steve("worker", "broken:jobs", code=2)
    assert str(Path("steve", "cli")) not in answer.err
    assert "importlib" not in answer.err
    return answer.err.splitlines()[-1]


def test_imports_that_fail(steve: Steve) -> None:
    last = broken(steve, "import json\nimport nothing_like_that\n")
    assert last.startswith("Error: importing broken failed: ModuleNotFoundError")
    assert "nothing_like_that" in last
    assert "broken.py, line 2" in last
    assert "SyntaxError" in broken(steve, "def\n")
    assert "ZeroDivisionError" in broken(steve, "def f():\n    1 / 0\n\n\nf()\n")
    assert "SystemExit" in broken(steve, "raise SystemExit(0)\n")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere:jobs", "there is no module 'nowhere'"),
        ("app.inner:jobs", "app.inner"),
        ("app:nothing", "did you mean app:jobs?"),
        ("app:number", "type int, not a steve.Jobs; did you mean app:jobs?"),
        ("app:Jobs", "is the class Jobs, not a steve.Jobs; did you mean app:jobs?"),
        ("app:double", "calling app:double() failed"),
        ("app.py:jobs", "write the module, as in app:jobs"),
        ("./app.py", "write the module, as in app:jobs"),
        ("a b:jobs", "names no module"),
        (":jobs", "names no module"),
    ],
)
def test_targets_that_are_none(steve: Steve, target: str, reason: str) -> None:
    answer = steve("worker", target, code=2)
    assert reason in answer.err.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [[], ["app", "--concurrency=0"], ["app", "--queue=a=0"], ["app", "--probe-port=99999"]],
)
def test_wrong_usage(steve: Steve, arguments: list[str]) -> None:
    steve.fails("worker", *arguments, code=2)


def test_a_worker_killed_loses_nothing(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("slow")
    eventually(lambda: steve.status(uid) == "running", what="a running job")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(10)
    assert steve.status(uid) == "running"
