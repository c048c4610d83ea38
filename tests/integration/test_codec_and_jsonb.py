"""What the codec lets through, PostgreSQL's jsonb takes and gives back."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import set_json_loads

from steve.core.codec import decode, encode
from steve.core.errors import PayloadError
from steve.core.failure import Failure

TEXT = st.text(st.characters(exclude_categories=()))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def alike(found: Any, sent: Any) -> bool:
    """Compare as jsonb means it: it has one kind of number, so 1e20 comes back as an integer."""
    if isinstance(sent, float):
        return float(found) == sent
    if isinstance(sent, list):
        return len(found) == len(sent) and all(map(alike, found, sent))
    if isinstance(sent, dict):
        return found.keys() == sent.keys() and all(alike(found[key], sent[key]) for key in sent)
    return found == sent and type(found) is type(sent)


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": [value]}
    return value


def test_jsonb_takes_whatever_was_encoded(dsn: str):
    with psycopg.connect(dsn, autocommit=True) as connection:
        set_json_loads(decode, connection)

        def stored(data: bytes) -> Any:
            row = connection.execute("select %s::text::jsonb", [data.decode()]).fetchone()
            assert row is not None
            return row[0]

        @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(VALUES)
        def check(value: Any) -> None:
            try:
                data = encode(value, limit=100_000)
            except PayloadError:
                return
            assert alike(stored(data), value)

        check()
        for value in (nested(250), 10**3999, -(10**3999), 5e-324, "\x7f"):
            assert stored(encode(value, limit=100_000)) == value
        assert alike(stored(encode(1.7976931348623157e308, limit=1000)), 1.7976931348623157e308)


def test_text_takes_whatever_a_failure_says(dsn: str):
    with psycopg.connect(dsn, autocommit=True) as connection:

        @settings(max_examples=100, deadline=None)
        @given(TEXT)
        def check(text: str) -> None:
            message = Failure.of(ValueError(text)).message
            row = connection.execute("select %s::text", [message]).fetchone()
            assert row == (message,)

        check()
