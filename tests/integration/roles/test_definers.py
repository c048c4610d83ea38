"""The functions that act for the tables' owner, in the hands of somebody who means harm."""

from __future__ import annotations

import psycopg
import pytest

from steve.sql import quoted
from support.examining import sql

pytestmark = pytest.mark.any_postgres

DEFINERS = {"cancel_jobs", "drop_resent", "create_partitions", "remove_partition"}
TODAY = "select to_char(now() at time zone 'UTC', '\"job_archive_completed_\"YYYYMMDD')"
BOUNDS = """
    select c.relname, pg_get_expr(c.relpartbound, c.oid)
    from pg_class c
    where c.relnamespace = 'steve'::regnamespace and c.relispartition and c.relkind = 'r'
    order by 1
"""
# Behind and ahead by a day, and both called UTC, as they are read again.
ZONES = [
    "set datestyle = 'SQL'; set timezone = 'UTC+24'",
    "set datestyle = 'German'; set timezone = 'UTC-24'",
]


def test_they_look_for_nothing_elsewhere_and_are_not_everybodys(migrated_dsn: str) -> None:
    found = sql(
        migrated_dsn,
        """
        select
            p.proname,
            (
                select array_agg(c) from unnest(p.proconfig) as c where c like 'search_path=%'
            ) = array['search_path=pg_catalog, pg_temp'],
            exists (
                select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                where a.grantee = 0
            )
        from pg_proc p
        where p.pronamespace = 'steve'::regnamespace and p.prosecdef
        """,
    )
    assert sorted(found) == [(name, True, False) for name in sorted(DEFINERS)]


def test_what_is_not_over_is_kept_whatever_the_callers_zone(
    parts: dict[str, str], migrated_dsn: str
) -> None:
    """Servers of before PostgreSQL 18 read back another time than they wrote."""
    [(today,)] = sql(migrated_dsn, TODAY)
    before = sql(migrated_dsn, BOUNDS)
    with pytest.raises(psycopg.errors.UndefinedTable, match="that is over"):
        sql(parts["worker"], *ZONES[0].split("; "), f"select steve.remove_partition('{today}')")
    assert sql(migrated_dsn, BOUNDS) == before


@pytest.mark.parametrize("settings", ZONES)
def test_partitions_are_the_same_whatever_the_callers_zone(
    parts: dict[str, str], migrated_dsn: str, settings: str
) -> None:
    before = sql(migrated_dsn, BOUNDS)
    for name, _ in before:
        sql(migrated_dsn, f"drop table steve.{quoted(name)}")
    sql(parts["worker"], *settings.split("; "), "select steve.create_partitions()")
    assert sql(migrated_dsn, BOUNDS) == before


def test_a_catalogue_of_ones_own_is_not_believed(parts: dict[str, str], migrated_dsn: str) -> None:
    """In it no partition is attached, so that each may be removed."""
    [(today,)] = sql(migrated_dsn, TODAY)
    before = sql(migrated_dsn, BOUNDS)
    with pytest.raises(psycopg.errors.UndefinedTable, match="that is over"):
        sql(
            parts["worker"],
            "create temporary table pg_class as select oid, relname, relnamespace, relkind, "
            "relowner, false as relispartition, null::pg_node_tree as relpartbound "
            "from pg_catalog.pg_class",
            "grant select on pg_class to public",
            f"select steve.remove_partition('{today}')",
        )
    assert sql(migrated_dsn, BOUNDS) == before
