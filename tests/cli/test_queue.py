from __future__ import annotations

from datetime import datetime

from support.command import Steve

FIELDS = {
    "name", "ready", "scheduled", "running", "paused", "paused_at", "paused_until", "paused_by",
    "workers",
}  # fmt: skip


def test_queues(steve: Steve) -> None:
    assert steve("queue", "list").err == "no queues yet\n"
    steve.create("a", queue="mail")
    steve("create", "a", "--queue=mail", "--delay=1h")
    assert "no worker" in steve("queue", "list").out
    [queue] = steve("queue", "list", "--json").json["queues"]
    assert set(queue) == FIELDS
    assert (queue["name"], queue["ready"], queue["scheduled"]) == ("mail", 1, 1)


def test_pause_and_resume(steve: Steve) -> None:
    assert steve("queue", "pause", "mail", "--json").json == {"queue": "mail", "paused": True}
    assert "paused" in steve("queue", "list").out
    assert "goes on" in steve("queue", "resume", "mail").err
    answer = steve("queue", "resume", "mail", "--json").json
    assert answer == {"queue": "mail", "paused": False, "changed": False}


def test_pause_for_a_while(steve: Steve) -> None:
    steve("queue", "pause", "mail", "--until=1h")
    [queue] = steve("queue", "list", "--json").json["queues"]
    until, at = (datetime.fromisoformat(queue[key]) for key in ("paused_until", "paused_at"))
    assert 3590 < (until - at).total_seconds() < 3610


def test_wrong_queues(steve: Steve) -> None:
    assert "no time zone" in steve.fails("queue", "pause", "mail", "--until=2026-01-01", code=2)
    assert "1 to 255" in steve.fails("queue", "pause", "", code=2)
    assert "1 to 255" in steve.fails("queue", "resume", "x" * 256, code=2)
