"""What the server says when it refuses a connection, and what is said about it."""

from __future__ import annotations

import psycopg
import pytest

from steve.database.refusal import NO_WRITES, Refusal, no_answer, refusal

DSN = "postgresql://low:geheim@db.example/app"


@pytest.mark.parametrize(
    ("words", "advice", "permanent"),
    [
        ("Connection refused", "Is PostgreSQL running there", False),
        ("failed to resolve host 'db.example': Name or service not known", "host's name", False),
        ("fe_sendauth: no password supplied", "PGPASSWORD", True),
        ('FATAL: password authentication failed for user "low"', "PGPASSWORD", True),
        ('FATAL: no pg_hba.conf entry for host "10.1.2.3", no encryption', "a line in its", True),
        ('FATAL: database "app" does not exist', "createdb", True),
        ('FATAL: role "low" does not exist', "createuser", True),
        ("FATAL: sorry, too many clients already", "max_connections", False),
        (
            "FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "max_connections",
            False,
        ),
        ("server does not support SSL, but SSL was required", "sslmode=prefer", True),
        ("FATAL: the database system is starting up", "", False),
    ],
)
def test_a_refusal_says_what_to_do(words: str, advice: str, permanent: bool) -> None:
    found = refusal(psycopg.OperationalError(f"connection failed: {words}"), DSN)
    assert found == Refusal(words, permanent)
    place, _, rest = str(found.error(DSN)).partition(f": {words}")
    assert place == "cannot connect to PostgreSQL at db.example:5432/app"
    assert rest.startswith(". ") if advice else rest == ""
    assert advice in rest


@pytest.mark.parametrize(
    ("found", "advice"), [(no_answer(2), "firewall"), (NO_WRITES, "all hosts")]
)
def test_so_does_one_of_our_own(found: Refusal, advice: str) -> None:
    assert advice in str(found.error(DSN, 5))
