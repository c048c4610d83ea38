"""What the doctor makes of facts that a test cannot bring about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steve.jobs.doctor.check import EXIT_CODES, Finding, check, diagnosis
from steve.jobs.doctor.installation import judge_server
from steve.jobs.doctor.snapshots import judge_holders
from steve.jobs.doctor.surroundings import judge_clock, judge_room, judge_upkeep
from steve.operations.doctor import Holder, Room, Server, Upkeep

SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UPKEEP = Upkeep("steve.job", True, True, True, 100, 0, 5.0, 8192, 8192, 100.0)
ROOM = Room(97, -1, -1, 10, 5, 5, 4, [10])


def test_every_check_has_an_exit_code_of_its_own() -> None:
    codes = list(EXIT_CODES.values())
    assert len(set(codes)) == len(codes)
    # Not one of those that all commands have.
    assert min(codes) > 3
    assert max(codes) < 126


def test_the_worst_finding_decides_and_what_is_well_is_left_out() -> None:
    made = check(
        "drift",
        [
            Finding("ok", "a"),
            Finding("warning", "b", "do b", ["B;"]),
            Finding("unknown", "c", "do c"),
            Finding("error", "d", "do b", ["B;"]),
        ],
    )
    assert (made.status, made.exit_code) == ("error", 12)
    assert made.found == ["d", "b", "c"]
    assert made.remedy == ["do b", "do c"]
    assert made.sql == ["B;"]


def test_of_equally_bad_checks_the_first_decides() -> None:
    made = [check(name, [Finding("warning", name)]) for name in ("drift", "clock")]
    assert diagnosis(made, "steve", None).exit_code == 12
    made.append(check("listen", [Finding("error", "x")]))
    assert diagnosis(made, "steve", None).exit_code == 21
    assert diagnosis([], "steve", None).exit_code == 0


def test_a_standby() -> None:
    [finding] = judge_server(Server("18.6", True, False, "app", "app"))
    assert finding.status == "error"
    assert "target_session_attrs" in finding.remedy


@pytest.mark.parametrize(
    ("holder", "status", "sql"),
    [
        (
            Holder("prepared", "it's", "app", None, None, None, SINCE, 400.0, 12),
            "warning",
            ["ROLLBACK PREPARED 'it''s';"],
        ),
        (
            Holder("prepared", "a", "app", None, None, None, SINCE, 4000.0, 12),
            "error",
            ["ROLLBACK PREPARED 'a';"],
        ),
        (
            Holder("slot", "s", None, None, None, "inactive", SINCE, 400.0, 12),
            "warning",
            ["SELECT pg_drop_replication_slot('s');"],
        ),
        (
            Holder("slot", "s", None, None, None, "active", None, None, 2_000_000),
            "error",
            ["SELECT pg_drop_replication_slot('s');"],
        ),
        (
            Holder("replica", "7", "rep", "two", "10.0.0.2", "streaming", None, None, 2_000_000),
            "warning",
            [],
        ),
        (
            Holder("session", "7", "app", "", None, "active", SINCE, 4000.0, 5),
            "error",
            ["SELECT pg_terminate_backend(7);"],
        ),
    ],
)
def test_what_holds_back_vacuum(holder: Holder, status: str, sql: list[str]) -> None:
    [finding] = judge_holders([holder])
    assert finding.status == status
    assert list(finding.sql) == sql
    if holder.seconds is not None:
        assert "since 2026-01-02 03:04:05 UTC" in finding.found


@pytest.mark.parametrize(
    "holder",
    [
        Holder("slot", "s", None, None, None, "active", None, None, 12),
        Holder("replica", "7", "rep", "two", None, "streaming", None, None, 12),
    ],
)
def test_what_may_be_there(holder: Holder) -> None:
    assert [finding.status for finding in judge_holders([holder])] == ["ok"]


def test_what_hides_is_not_called_well() -> None:
    hidden = [
        Holder("hidden", "7", "app", "report", None, None, None, None, 12),
        Holder("hidden", "8", "app", "", None, None, None, None, None),
    ]
    [finding] = judge_holders(hidden)
    assert finding.status == "unknown"
    assert "2 sessions" in finding.found
    assert "pid 7 of app (report)" in finding.found


def test_autovacuum_off_for_all() -> None:
    [finding] = judge_upkeep(UPKEEP._replace(autovacuum=False))
    assert finding.status == "error"
    assert finding.sql[0] == "ALTER SYSTEM SET autovacuum = on;"
    [finding] = judge_upkeep(UPKEEP._replace(counts=False))
    assert "track_counts is off" in finding.found


@pytest.mark.parametrize(
    ("upkeep", "status"),
    [
        (UPKEEP._replace(dead=1_000_000, ago=30.0), "ok"),
        (UPKEEP._replace(dead=1_000_000, ago=700.0), "warning"),
        (UPKEEP._replace(dead=1_000_000, ago=None), "warning"),
        (UPKEEP._replace(dead=40_000, ago=None), "ok"),
        (UPKEEP._replace(dead=1_000_000, live=2_000_000, ago=None, table_bytes=1 << 30), "ok"),
        (UPKEEP._replace(table_bytes=1 << 30), "warning"),
        (UPKEEP._replace(table_bytes=1 << 30, width=None), "ok"),
    ],
)
def test_what_vacuum_leaves(upkeep: Upkeep, status: str) -> None:
    assert judge_upkeep(upkeep)[0].status == status


@pytest.mark.parametrize(
    ("room", "status"),
    [
        (ROOM, "ok"),
        (ROOM._replace(used=92), "warning"),
        (ROOM._replace(used=97), "error"),
        (ROOM._replace(handlers=[]), "ok"),
        (ROOM._replace(handlers=[], used=93), "warning"),
        (ROOM._replace(database_limit=12), "warning"),
        (ROOM._replace(role_limit=5), "error"),
    ],
)
def test_connections(room: Room, status: str) -> None:
    assert judge_room(room, 20)[0].status == status


@pytest.mark.parametrize(
    ("offset", "uncertainty", "status"),
    [
        (0.01, 0.001, "ok"),
        (-1.9, 0.001, "ok"),
        (2.5, 0.001, "warning"),
        (-2.5, 0.001, "warning"),
        (2.5, 1.0, "ok"),
    ],
)
def test_clocks(offset: float, uncertainty: float, status: str) -> None:
    assert judge_clock(offset, uncertainty)[0].status == status
