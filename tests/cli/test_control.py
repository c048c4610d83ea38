from __future__ import annotations

from subprocess import Popen
from uuid import uuid4

import pytest

from support.command import Steve
from support.waiting import eventually


def test_cancel_by_uid(steve: Steve) -> None:
    uid = steve.create("mail")
    assert "1 job" in steve("cancel", uid).err
    assert steve.status(uid) == "cancelled"


def test_cancel_reaches_a_running_job(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("slow")
    eventually(lambda: steve.status(uid) == "running", what="a running job")
    assert steve("cancel", uid, "--json").json == {"changed": [uid]}
    assert "cancelled" in steve("wait", uid, "--timeout=20", code=1).err


def test_retry_by_uid(steve: Steve) -> None:
    uid = steve.create("mail")
    steve("cancel", uid)
    assert steve("retry", uid, "--json").json == {"changed": [uid]}
    assert steve.status(uid) == "pending"


def test_retry_of_a_completed_job_is_forced(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("double")
    steve("wait", uid, "--timeout=20")
    assert uid in steve.fails("retry", uid, code=1)
    steve("retry", uid, "--force", "--starts=2")
    assert steve("wait", uid, "--timeout=20", "--json").json["attempts"] == 2


def test_delete_by_uid(steve: Steve) -> None:
    kept, gone = steve.create("mail"), steve.create("mail")
    assert steve("delete", gone, "--json").json == {"changed": [gone]}
    assert [job["uid"] for job in steve("list", "--json").lines] == [kept]


def test_delete_refuses_a_running_job(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("slow")
    eventually(lambda: steve.status(uid) == "running", what="a running job")
    assert "still running" in steve.fails("delete", uid, code=1)
    steve("cancel", uid)  # or the worker would wait for it at the end


def test_what_is_not_there_is_said(steve: Steve) -> None:
    uid, unknown = steve.create("mail"), str(uuid4())
    answer = steve("cancel", uid, unknown, code=1)
    assert unknown in answer.err
    assert steve.status(uid) == "cancelled"


def test_many_by_filter(steve: Steve) -> None:
    steve.rows("select steve.create_job('a', '{}') from generate_series(1, 1200)")
    other = steve.create("b")
    assert "1,200 jobs" in steve("cancel", "--type=a", "--yes").err
    assert steve.status(other) == "pending"
    assert len(steve("retry", "--status=cancelled", "--yes", "--json").json["changed"]) == 1200
    assert "1,201 jobs deleted" in steve("delete", "--since=1h", "--yes").err
    assert steve("list").err == "no jobs\n"


def test_filters_leave_alone_what_is_in_another_status(steve: Steve) -> None:
    done, waiting = steve.create("a"), steve.create("a")
    steve("cancel", done)
    assert steve("retry", "--type=a", "--yes", "--json").json == {"changed": [done]}
    assert steve("cancel", "--type=a", "--status=failed", "--yes", "--json").json["changed"] == []
    assert steve.status(waiting) == "pending"


@pytest.mark.parametrize("command", ["retry", "cancel", "delete"])
def test_many_need_a_yes(steve: Steve, command: str) -> None:
    uid = steve.create("a")
    if command == "retry":
        steve("cancel", uid)
    before = steve.status(uid)
    assert "1 jobs match: pass --yes" in steve.fails(command, "--type=a", code=2)
    assert steve.status(uid) == before


@pytest.mark.parametrize("command", ["retry", "cancel", "delete"])
def test_jobs_have_to_be_chosen(steve: Steve, command: str) -> None:
    assert "one of the two" in steve.fails(command, "--yes", code=2)
    assert "one of the two" in steve.fails(command, str(uuid4()), "--type=a", code=2)
