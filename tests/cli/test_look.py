from __future__ import annotations

from subprocess import Popen
from uuid import uuid4

from support.command import Steve

JOB_FIELDS = {
    "id", "uid", "attempt_id", "type", "payload", "result", "status", "attempts", "refunded",
    "crashes", "max_attempts", "max_crashes", "created_at", "updated_at", "started_at",
    "completed_at", "run_at", "scheduled_at", "expires_at", "backoff_strategy", "queue",
    "priority", "timeout", "unique_key", "limit_key", "fair_key", "created", "tags", "meta",
    "progress", "worker", "error",
}  # fmt: skip
ATTEMPT_FIELDS = {
    "id", "job_id", "attempt_number", "started_at", "completed_at", "status", "error_message",
    "error_details", "worker",
}  # fmt: skip


def test_list_of_nothing(steve: Steve) -> None:
    assert steve("list").err == "no jobs\n"
    assert steve("list", "--json").out == ""


def test_list_shows_the_newest_first(steve: Steve) -> None:
    uids = [steve.create(kind) for kind in ("a", "b", "c")]
    lines = steve("list").out.splitlines()
    assert lines[0].split()[:4] == ["uid", "type", "queue", "status"]
    assert [line.split()[0] for line in lines[1:]] == uids[::-1]
    jobs = steve("list", "--json").lines
    assert [job["uid"] for job in jobs] == uids[::-1]
    assert set(jobs[0]) == JOB_FIELDS
    assert [job["type"] for job in steve("list", "--ascending", "--json").lines] == ["a", "b", "c"]


def test_list_goes_on_where_it_ended(steve: Steve) -> None:
    steve.rows("select steve.create_job('a', '{}') from generate_series(1, 30)")
    page = steve("list", "--limit", "20", "--json").lines
    rest = steve("list", "--limit", "20", "--after", str(page[-1]["id"]), "--json").lines
    assert len({job["uid"] for job in page + rest}) == 30
    assert f"--after {page[-1]['id']}" in steve("list").err
    assert "--after" not in steve("list", "--limit", "31").err


def test_a_long_list_is_read_in_pages(steve: Steve) -> None:
    steve.rows("select steve.create_job('a', '{}') from generate_series(1, 1100)")
    assert len({job["uid"] for job in steve("list", "--limit", "1050", "--json").lines}) == 1050


def test_list_filters(steve: Steve) -> None:
    steve.create("a", tags=["x"], queue="one")
    steve.create("b", tags=["y"], queue="two")

    def types(*arguments: str) -> list[str]:
        return [job["type"] for job in steve("list", "--json", *arguments).lines]

    assert types("--type=a", "--since=1h") == ["a"]
    assert types("--type=a", "--type=b") == ["b", "a"]
    assert types("--queue=two", "--status=failed", "--status=pending") == ["b"]
    assert types("--tag=x") == ["a"]
    assert types("--since=2199-01-01T00:00Z") == []
    assert "no such jobs" in steve("list", "--status=failed").err


def test_list_refuses(steve: Steve) -> None:
    assert "is no status" in steve.fails("list", "--status=done", code=2)
    assert "--limit" in steve.fails("list", "--limit=0", code=2)
    assert "no time zone" in steve.fails("list", "--since=2026-01-01", code=2)


def test_output_cannot_steer_the_terminal(steve: Steve) -> None:
    uid = steve.create("red\x1b[31m\nalert")
    for answer in (steve("list"), steve("show", uid)):
        assert "\x1b" not in answer.out
        assert r"red\x1b[31m\nalert" in answer.out


def test_show(steve: Steve) -> None:
    uid = steve.create("mail", '{"to": "ada"}', tags=["x"])
    said = steve("show", uid).out
    for part in (uid, "mail", "pending", '{"to":"ada"}', "0 of 3"):
        assert part in said
    shown = steve("show", uid, "--json").json
    assert set(shown) == {"job", "attempts"}
    assert set(shown["job"]) == JOB_FIELDS
    assert shown["attempts"] is None
    assert steve("show", uid, "--attempts", "--json").json["attempts"] == []


def test_show_attempts(steve: Steve, worker: Popen[str]) -> None:
    uid = steve.create("bad", max_attempts=1)
    steve("wait", uid, "--timeout=20", code=1)
    shown = steve("show", uid, "--attempts", "--json").json
    assert shown["job"]["error"] == {"type": "ValueError", "message": "this one never works"}
    [attempt] = shown["attempts"]
    assert set(attempt) == ATTEMPT_FIELDS
    assert attempt["status"] == "error"
    said = steve("show", uid, "--attempts").out
    assert "this one never works" in said
    assert "app.py" in said


def test_show_what_is_not_there(steve: Steve) -> None:
    uid = str(uuid4())
    assert uid in steve.fails("show", uid, code=1)
    assert "no uid" in steve.fails("show", "12", code=2)
