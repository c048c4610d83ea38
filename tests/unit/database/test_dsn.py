from __future__ import annotations

import pytest

from steve.core.errors import OptionError
from steve.database.dsn import find_dsn, host_count, location, normalised, redacted, secrets

SECRET = "s3cr3t/&?"
QUOTED = "s3cr3t%2F%26%3F"

WITH_SECRET = [
    f"postgresql://me:{QUOTED}@host:5433/db?sslmode=require",
    f"postgres://me:{QUOTED}@a:1,b:2/db",
    f"postgresql://host/db?user=me&password={QUOTED}",
    f"postgresql+asyncpg://me:{QUOTED}@host/db",
    f"host=host dbname=db user=me password={SECRET}",
    f"host=host password='{SECRET}' sslpassword='{SECRET}'",
]
BROKEN = [
    "postgresql://me:pa/s3cr3t@host/db",
    "postgresql://me:12/s3cr3t@host/db",
    "postgresql://me:s3cr3t@host:port:1/db",
    "postgresql://me:%zz-s3cr3t@host/db",
    "mysql://me:s3cr3t@host/db",
    "sqlite:///s3cr3t.db",
    "host=host s3cr3t",
    "password='s3cr3t",
    "s3cr3t",
]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


def test_the_argument_comes_first() -> None:
    found = find_dsn("dbname=a", {"STEVE_DATABASE_URL": "dbname=b", "DATABASE_URL": "dbname=c"})
    assert (found.dsn, found.origin) == ("dbname=a", "the argument db")


def test_then_our_variable_then_everybodys_then_the_embedded_one() -> None:
    found = find_dsn(None, {"STEVE_DATABASE_URL": "dbname=b", "DATABASE_URL": "dbname=c"})
    assert (found.dsn, found.origin) == ("dbname=b", "STEVE_DATABASE_URL")
    found = find_dsn(None, {"STEVE_DATABASE_URL": " ", "DATABASE_URL": "dbname=c"})
    assert (found.dsn, found.origin) == ("dbname=c", "DATABASE_URL")
    found = find_dsn(None, {"DATABASE_URL": ""})
    assert (found.dsn, found.origin) == (None, "the embedded PostgreSQL")


def test_a_source_does_not_show_its_dsn() -> None:
    assert "s3cr3t" not in repr(find_dsn("password=s3cr3t", {}))


@pytest.mark.parametrize("dsn", WITH_SECRET)
def test_a_secret_is_redacted(dsn: str) -> None:
    shown = redacted(dsn)
    assert "***" in shown
    assert "s3cr3t" not in shown
    assert "host" in shown or "a:1,b:2" in shown
    assert secrets(dsn) == [SECRET]
    assert "s3cr3t" not in location(dsn)


@pytest.mark.parametrize("dsn", BROKEN)
def test_what_cannot_be_read_is_not_shown_at_all(dsn: str) -> None:
    assert "s3cr3t" not in redacted(dsn)
    assert "s3cr3t" not in location(dsn)
    with pytest.raises(OptionError) as caught:
        normalised(dsn, "DATABASE_URL")
    assert "s3cr3t" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://me:x1y2@host:5433/db", "postgresql://me:***@host:5433/db"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("postgresql://h1:1,h2:2/db", "postgresql://h1:1,h2:2/db"),
        ("postgresql://[::1]:5433/db", "postgresql://[::1]:5433/db"),
        ("postgresql:///db?host=/tmp", "postgresql://%2Ftmp/db"),
        ("postgresql:///a%20b", "postgresql:///a%20b"),
        (
            "postgresql://h/db?sslmode=require&application_name=x%26y",
            "postgresql://h/db?application_name=x%26y&sslmode=require",
        ),
        ("postgresql://h/db?password=x1y2", "postgresql://:***@h/db"),
        ("password=x1y2 host=h", "password=*** host=h"),
        ("host=h dbname='a b'", "dbname='a b' host=h"),
    ],
)
def test_the_rest_is_shown(dsn: str, shown: str) -> None:
    assert redacted(dsn) == shown


@pytest.mark.parametrize(
    ("dsn", "where"),
    [
        ("postgresql://me@host:5433/db", "host:5433/db"),
        ("postgresql://host/db", "host:5432/db"),
        ("postgresql://host?user=me", "host:5432/me"),
        ("host=a,b port=1,2 dbname=x", "a:1,b:2/x"),
        ("host=a,b port=7 dbname=x", "a:7,b:7/x"),
        ("postgresql://[::1]/x", "[::1]:5432/x"),
        ("hostaddr=10.0.0.1 dbname=x", "10.0.0.1:5432/x"),
        ("host=/run/pg dbname=x", "/run/pg:5432/x"),
        ("dbname=x", "(local socket):5432/x"),
    ],
)
def test_a_location_names_host_port_and_database(dsn: str, where: str) -> None:
    assert location(dsn) == where


def test_a_location_knows_libpqs_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "there")
    monkeypatch.setenv("PGPORT", "77")
    monkeypatch.setenv("PGDATABASE", "theirs")
    monkeypatch.setenv("PGPASSWORD", "s3cr3t")
    assert location("") == "there:77/theirs"
    assert location("dbname=mine") == "there:77/mine"
    assert secrets("dbname=mine") == ["s3cr3t"]


def test_hosts_are_counted() -> None:
    assert [host_count(dsn) for dsn in ("dbname=x", "host=a", "host=a,b,c")] == [1, 1, 3]


def test_a_driver_in_the_scheme_is_dropped() -> None:
    assert normalised("postgresql+psycopg://u@h/d") == "postgresql://u@h/d"
