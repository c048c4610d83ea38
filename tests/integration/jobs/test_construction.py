"""Bad options show when the manager is made; nothing is connected then."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import psycopg
import psycopg_pool
import pytest

import steve
from steve import Jobs, OptionError, OptionTypeError, Retention

DSN = "postgresql://nobody:hidden@127.0.0.1:1/nothing"


def test_nothing_is_connected_and_no_loop_is_needed() -> None:
    Jobs(DSN)
    Jobs()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"db": ""}, "db"),
        ({"db": "mysql://user:hidden@host/name"}, "db"),
        ({"db": "not a dsn, hidden"}, "db"),
        ({"listen_db": "host='hidden"}, "listen_db"),
        ({"schema": ""}, "schema"),
        ({"schema": "pg_steve"}, "schema"),
        ({"schema": "s" * 64}, "schema"),
        ({"queues": ()}, "queues"),
        ({"queues": {"default": 0}}, "queues"),
        ({"poll_interval": 0}, "poll_interval"),
        ({"poll_interval": float("nan")}, "poll_interval"),
        ({"lease": 0.5}, "lease"),
        ({"grace": -1}, "grace"),
        ({"migrate": "maybe"}, "migrate"),
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"max_payload": 0}, "max_payload"),
        ({"retention": {"completed": -1}}, "retention"),
        ({"transaction_connections": 0}, "transaction_connections"),
    ],
)
def test_values_out_of_range(options: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError, match=named) as caught:
        Jobs(**options)
    assert isinstance(caught.value, ValueError)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"db": 3}, "db"),
        ({"db": psycopg_pool.ConnectionPool}, "db"),
        ({"schema": None}, "schema"),
        ({"queues": "default"}, "queues"),
        ({"poll_interval": "1"}, "poll_interval"),
        ({"lease": True}, "lease"),
        ({"handle_signals": 1}, "handle_signals"),
        ({"max_payload": 1.5}, "max_payload"),
        ({"retention": 14}, "retention"),
        ({"retention": {"done": 14}}, "retention"),
        ({"handler": "steve.noop"}, "handler"),
        ({"handlers": {"t": None}}, "handler"),
        ({"handlers": {3: print}}, "type"),
    ],
)
def test_values_of_a_wrong_type(options: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionTypeError, match=named) as caught:
        Jobs(**options)
    assert isinstance(caught.value, TypeError)


def test_a_single_connection_is_refused() -> None:
    with pytest.raises(OptionTypeError, match="AsyncConnectionPool"):
        Jobs(psycopg.Connection)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("option", ["everywhere", "pool", "prefix"])
def test_unknown_options(option: str) -> None:
    with pytest.raises(TypeError, match=option):
        Jobs(**{option: 1})  # pyright: ignore[reportArgumentType]


def test_durations_may_be_timedeltas() -> None:
    Jobs(
        DSN,
        poll_interval=timedelta(seconds=2),
        lease=timedelta(minutes=1),
        grace=timedelta(0),
        connect_timeout=timedelta(seconds=3),
        retention={"completed": timedelta(days=1), "other": None},
    )
    Jobs(DSN, retention=Retention(completed=None))


@pytest.mark.parametrize("name", ["task", "update", "schedule", "explain", "limits"])
def test_what_is_still_to_come_is_absent(name: str) -> None:
    assert not hasattr(Jobs(DSN), name)


def test_public_names_are_sorted_and_all_there() -> None:
    assert list(steve.__all__) == sorted(steve.__all__)
    for name in steve.__all__:
        assert getattr(steve, name) is not None
    assert set(steve.__all__) <= set(dir(steve))
    with pytest.raises(AttributeError, match="nonsense"):
        steve.nonsense  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018


def test_importing_steve_is_light() -> None:
    code = (
        "import sys, time; began = time.perf_counter(); import steve;"
        "print(time.perf_counter() - began);"
        "steve.Jobs; steve.Job; print(' '.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, modules = run.stdout.split("\n", 1)
    assert float(seconds) < 0.15
    loaded = set(modules.split())
    for heavy in ("click", "rich", "steve.cli", "steve.database.embedded", "steve.worker.worker"):
        assert heavy not in loaded
