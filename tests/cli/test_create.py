from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from support.command import Steve


def test_create_prints_the_uid(steve: Steve) -> None:
    said = steve("create", "mail", '{"to": "ada"}')
    uid = UUID(said.out.strip())
    assert said.err == "created mail in queue default\n"
    assert steve.rows("select type, payload, status from steve.jobs where uid = %s", uid) == [
        ("mail", {"to": "ada"}, "pending")
    ]


def test_create_takes_every_option(steve: Steve) -> None:
    options = (
        "--queue=out --priority=7 --max-attempts=9 --max-crashes=0 --backoff=none --timeout=5m "
        "--tag=a --tag=b --meta=who=ada --meta=n:=3 --delay=1h"
    )
    job = steve("create", "mail", *options.split(), "--json").json
    assert job["queue"] == "out"
    assert job["priority"] == 7
    assert (job["max_attempts"], job["max_crashes"]) == (9, 0)
    assert job["backoff_strategy"] == "none"
    assert job["timeout"] == 300.0
    assert job["tags"] == ["a", "b"]
    assert job["meta"] == {"who": "ada", "n": 3}
    assert job["payload"] == {}
    waits = datetime.fromisoformat(job["run_at"]) - datetime.fromisoformat(job["created_at"])
    assert waits == timedelta(hours=1)


def test_create_at_a_time(steve: Steve) -> None:
    job = steve("create", "mail", "--run-at", "2199-05-01T10:00:00+02:00", "--json").json
    assert datetime.fromisoformat(job["run_at"]) == datetime.fromisoformat("2199-05-01T08:00Z")


def test_create_reads_the_payload(steve: Steve) -> None:
    payload = {"text": "grüß dich", "list": [1, 2.5, None]}
    job = steve("create", "mail", "-", "--json", given=json.dumps(payload)).json
    assert job["payload"] == payload


def test_create_installs_the_schema(fresh: Steve) -> None:
    assert fresh.status(fresh("create", "mail").out.strip()) == "pending"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["mail", "{"], "not JSON"),
        (["mail", "NaN"], "not JSON"),
        (["mail", r'"\u0000"'], "payload"),
        (["mail", "--priority=101"], "priority"),
        (["mail", "--priority=x"], "--priority"),
        (["mail", "--max-attempts=0"], "max_attempts"),
        (["mail", "--backoff=often"], "backoff"),
        (["mail", "--delay=soon"], "no duration"),
        (["mail", "--run-at=2026-05-01T08:00:00"], "no time zone"),
        (["mail", "--run-at=2026-05-01T08:00Z", "--delay=5"], "exclude"),
        (["mail", "--timeout=0"], "timeout"),
        (["mail", "--meta=x"], "KEY=TEXT"),
        ([""], "type"),
        ([], "TYPE"),
    ],
)
def test_create_refuses(steve: Steve, arguments: list[str], reason: str) -> None:
    assert reason in steve.fails("create", *arguments, code=2)
    assert steve.rows("select count(*) from steve.job") == [(0,)]


def test_create_refuses_what_it_reads(steve: Steve) -> None:
    assert "standard input" in steve.fails("create", "mail", "-", given="{", code=2)
