from __future__ import annotations

import time
from subprocess import Popen
from uuid import uuid4

from support.command import Steve


def test_wait_for_a_result(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("double", '{"n": 21}')
    assert steve("wait", uid, "--timeout=20").json == {"doubled": 42}
    job = steve("wait", uid, "--json").json
    assert (job["uid"], job["status"], job["result"]) == (uid, "completed", {"doubled": 42})


def test_wait_for_a_failure(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("bad", max_attempts=1)
    said = steve.fails("wait", uid, "--timeout=20", code=1)
    assert said == f"Error: job bad {uid} is failed: ValueError: this one never works\n"
    assert steve("wait", uid, "--json", code=1).json["status"] == "failed"


def test_wait_in_vain(steve: Steve) -> None:
    uid = steve.create("double")
    before = time.monotonic()
    assert "not over after 0.5 s" in steve.fails("wait", uid, "--timeout=0.5", code=3)
    assert time.monotonic() - before < 10


def test_wait_for_what_is_not_there(steve: Steve) -> None:
    assert "there is no job" in steve.fails("wait", str(uuid4()), code=1)
