"""A manager's settings."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import psycopg_pool
import pytest

from steve.core.errors import OptionError, OptionTypeError
from steve.core.settings import Retention, Settings

DSN = "postgresql://me:secret@db/app"


def test_defaults():
    settings = Settings()
    assert {
        field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)
    } == {
        "db": None,
        "schema": "steve",
        "queues": {"default": None},
        "listen_db": None,
        "poll_interval": 1.0,
        "lease": 30.0,
        "grace": 25.0,
        "handle_signals": True,
        "migrate": "auto",
        "connect_timeout": 10.0,
        "max_payload": 1_048_576,
        "retention": Retention(14 * 86_400, 90 * 86_400),
        "transaction_connections": 20,
    }


def test_never_change_and_never_show_a_password():
    settings = Settings(db=DSN, listen_db=DSN)
    assert settings.db == settings.listen_db == DSN
    assert "secret" not in repr(settings)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.lease = 5.0  # type: ignore[misc]
    assert settings == Settings(db=DSN, listen_db=DSN)


def test_durations_may_be_timedeltas():
    settings = Settings(
        poll_interval=timedelta(milliseconds=500),
        lease=timedelta(minutes=1),
        grace=timedelta(0),
        connect_timeout=timedelta(seconds=3),
    )
    assert settings.poll_interval == 0.5
    assert (settings.lease, settings.grace, settings.connect_timeout) == (60, 0, 3)


@pytest.mark.parametrize(
    ("bad", "kind", "words"),
    [
        ({"poll_interval": 0}, OptionError, "poll_interval must be above 0 to 3,600 seconds"),
        ({"poll_interval": 3601}, OptionError, "poll_interval"),
        ({"poll_interval": float("nan")}, OptionError, "poll_interval"),
        ({"poll_interval": "1s"}, OptionTypeError, "poll_interval"),
        ({"lease": 0.5}, OptionError, "lease must be 1 to 3,600 seconds"),
        ({"lease": 3601}, OptionError, "lease"),
        ({"lease": None}, OptionTypeError, "lease"),
        ({"grace": -1}, OptionError, "grace must be 0 to"),
        ({"connect_timeout": 0}, OptionError, "connect_timeout must be above 0"),
        ({"max_payload": 0}, OptionError, "max_payload must be 1 to 268,435,456"),
        ({"max_payload": 2**28 + 1}, OptionError, "max_payload"),
        ({"max_payload": 1.5}, OptionTypeError, "max_payload must be an integer"),
        ({"transaction_connections": 0}, OptionError, "transaction_connections must be 1 to 1,000"),
        ({"transaction_connections": 1001}, OptionError, "transaction_connections"),
        ({"handle_signals": 1}, OptionTypeError, "handle_signals must be True or False"),
        ({"migrate": "yes"}, OptionError, "migrate must be one of 'auto', 'check', 'never'"),
        ({"migrate": True}, OptionTypeError, "migrate must be text"),
        ({"schema": ""}, OptionError, "schema must have 1 to 63 bytes, not 0"),
        ({"schema": "é" * 32}, OptionError, "not 64"),
        ({"schema": "a\0"}, OptionError, "NUL"),
        ({"schema": "\ud800"}, OptionError, "surrogates"),
        ({"schema": "pg_steve"}, OptionError, "belongs to PostgreSQL"),
        ({"schema": "information_schema"}, OptionError, "belongs to PostgreSQL"),
        ({"schema": None}, OptionTypeError, "schema must be text"),
        ({"queues": "mail"}, OptionTypeError, r"did you mean queues=\('mail',\)"),
        ({"queues": ()}, OptionError, "at least one queue"),
        ({"queues": {}}, OptionError, "at least one queue"),
        ({"queues": None}, OptionTypeError, "queues must be a list"),
        ({"queues": ["", "a"]}, OptionError, r"queues\[0\] must have 1 to 255"),
        ({"queues": {"a": 0}}, OptionError, r"queues\['a'\] must be 1 to"),
        ({"queues": {"a": "2"}}, OptionTypeError, r"queues\['a'\] must be an integer"),
        ({"queues": {5: 2}}, OptionTypeError, "queues must be text"),
        ({"db": ""}, OptionError, "db must be a DSN such as"),
        ({"db": 5}, OptionTypeError, "builtins.int"),
        ({"listen_db": " "}, OptionError, "listen_db must be a DSN"),
        ({"listen_db": 5}, OptionTypeError, "listen_db must be a DSN"),
        ({"retention": 5}, OptionTypeError, "retention must be None, a Retention or a mapping"),
        ({"retention": {"failed": 5}}, OptionTypeError, "unknown retention 'failed'"),
        ({"retention": {"completed": 0}}, OptionError, "retention.completed must be above 0"),
        ({"retention": {"other": "1d"}}, OptionTypeError, "retention.other must be seconds"),
    ],
)
def test_bad_settings(bad: dict[str, Any], kind: type[Exception], words: str):
    with pytest.raises(kind, match=words):
        Settings(**bad)


def test_unknown_settings_are_type_errors():
    with pytest.raises(TypeError, match="poll_intervall"):
        Settings(poll_intervall=1)  # type: ignore[call-arg]


def test_queues():
    assert Settings(queues=["b", "a", "b"]).queues == {"b": None, "a": None}
    assert Settings(queues={"mail": 3, "slow": None}).queues == {"mail": 3, "slow": None}


def test_schemas_may_have_odd_names():
    for name in ("Steve", "we ird", 'quo"te', "é" * 31, "PG_x"):
        assert Settings(schema=name).schema == name


def test_a_pool_must_be_an_async_one():
    pool = psycopg_pool.AsyncConnectionPool(DSN, open=False)
    assert Settings(db=pool).db is pool
    blocking = psycopg_pool.ConnectionPool(DSN, open=False)
    with pytest.raises(OptionTypeError, match="AsyncConnectionPool or None") as caught:
        Settings(db=blocking)  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)


def test_retention():
    kept = Settings(retention={"completed": timedelta(days=1), "other": None}).retention
    assert kept == Retention(86_400, None)
    assert Settings(retention={"other": 60}).retention == Retention(other=60)
    assert Settings(retention={"log": 60}).retention == Retention(log=60)
    assert Settings(retention=kept).retention is kept
    assert Retention.of(None) == Retention()
