from __future__ import annotations

from subprocess import Popen

from support.command import Steve

FIELDS = {
    "counts", "jobs", "oldest_ready", "unhandled_types", "workers", "latency", "version", "now",
    "connections", "connections_needed", "max_connections",
}  # fmt: skip


def test_health_of_nothing(steve: Steve) -> None:
    said = steve("health").out
    assert "workers    none" in said
    assert "waiting    nothing" in said


def test_health(steve: Steve, worker: Popen[str]) -> None:
    steve("wait", steve.create("double"), "--timeout=20")
    steve.create("strange\x1b")
    found = steve("health", "--json").json
    assert set(found) == FIELDS
    assert found["counts"] == {"completed": 1, "pending": 1}
    assert found["unhandled_types"] == ["strange\x1b"]
    [alive] = found["workers"]
    assert alive["pid"] == worker.pid
    said = steve("health", "--since=5m").out
    for part in ("PostgreSQL", "1 completed, 1 pending", r"strange\x1b", "0/4", "double"):
        assert part in said


def test_health_refuses(steve: Steve) -> None:
    steve.fails("health", "--since=x", code=2)
    steve.fails("health", "--since=99999d", code=2)
