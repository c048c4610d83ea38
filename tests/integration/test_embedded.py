"""The embedded PostgreSQL: one server, shared by processes that come, go and get killed."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.database.embedded import start, start_blocking
from support.embedded_client import Client
from support.waiting import eventually, throughout

if TYPE_CHECKING:
    from pathlib import Path

    from support.embedded_home import Home

pytestmark = [pytest.mark.any_postgres, pytest.mark.timeout(40)]

IDLE = 0.3


def execute(dsn: str, statement: str) -> object:
    """Execute one statement on a connection of its own; the first value, if it has any."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_data_survive_a_stop(home: Home, programs: Path) -> None:
    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        execute(server.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
    home.wait_until_down()
    assert home.shut_down_cleanly(programs)

    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        assert execute(server.dsn, "SELECT number FROM kept") == 42


async def test_is_private_durable_and_in_utc(home: Home, programs: Path) -> None:
    async with await start(home.path, binaries=programs, idle=IDLE) as server:
        settings = {
            name: execute(server.dsn, f"SELECT current_setting('{name}')")
            for name in ("listen_addresses", "fsync", "synchronous_commit", "TimeZone")
        }
        assert execute(server.dsn, "SHOW server_encoding") == "UTF8"
        assert str(execute(server.dsn, "SHOW server_version")).startswith(server.version)
    assert settings == {
        "listen_addresses": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
    }
    assert server.directory.stat().st_mode & 0o777 == 0o700
    assert home.layout.socket_directory().stat().st_mode & 0o777 == 0o700


def test_closing_twice_gives_up_one_share_only(home: Home, programs: Path) -> None:
    with start_blocking(home.path, binaries=programs, idle=IDLE) as kept:
        given_up = start_blocking(home.path, binaries=programs, idle=IDLE)
        given_up.close()
        given_up.close()
        throughout(lambda: execute(kept.dsn, "SELECT 1"), 4 * IDLE)


def test_five_racing_processes_share_one_server(home: Home, programs: Path) -> None:
    clients = [Client(home.path, binaries=programs, idle=IDLE) for _ in range(5)]
    assert len({client.server_pid() for client in clients}) == 1

    clients[0].ask("CREATE TABLE seen (client int)")
    for number, client in enumerate(clients):
        client.ask(f"INSERT INTO seen VALUES ({number})")
    assert clients[-1].ask("SELECT count(*) FROM seen") == "5"
    for client in clients:
        client.close()
    home.wait_until_down()


def test_killing_the_starter_harms_nobody(home: Home, programs: Path) -> None:
    starter = Client(home.path, binaries=programs, idle=IDLE)
    pid = starter.server_pid()
    starter.ask("CREATE TABLE kept AS SELECT 42 AS number")
    with Client(home.path, binaries=programs) as other:
        assert other.server_pid() == pid
        starter.kill()
        throughout(lambda: other.ask("SELECT number FROM kept") == "42", 4 * IDLE)


def test_server_stops_after_its_only_client_was_killed(home: Home, programs: Path) -> None:
    client = Client(home.path, binaries=programs, idle=IDLE)
    client.server_pid()
    client.ask("CREATE TABLE kept AS SELECT 42 AS number")
    client.kill()
    home.wait_until_down()
    assert home.shut_down_cleanly(programs)

    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        assert execute(server.dsn, "SELECT number FROM kept") == 42


def test_starter_killed_in_the_middle_of_the_first_start(home: Home, programs: Path) -> None:
    starter = Client(home.path, binaries=programs, idle=IDLE)
    eventually(home.layout.log.exists, what="the start of a supervisor")
    starter.kill()
    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        assert execute(server.dsn, "SELECT 42") == 42


def test_killing_the_supervisor_stops_the_server_cleanly(home: Home, programs: Path) -> None:
    with start_blocking(home.path, binaries=programs, idle=IDLE):
        home.kill_supervisor()
        home.wait_until_down()
        assert home.shut_down_cleanly(programs)


def test_joining_right_after_the_supervisor_was_killed(home: Home, programs: Path) -> None:
    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        execute(server.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
        before = home.state()
        home.kill_supervisor()
        eventually(lambda: not home.supervised())
        with start_blocking(home.path, binaries=programs, idle=IDLE) as again:
            assert home.state() != before
            assert execute(again.dsn, "SELECT number FROM kept") == 42


def test_killed_server_is_started_again(home: Home, programs: Path) -> None:
    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        execute(server.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
        killed = home.state()
        os.kill(killed.server, signal.SIGKILL)
        eventually(lambda: home.state().server != killed.server)
        assert home.state().supervisor == killed.supervisor
        assert execute(server.dsn, "SELECT number FROM kept") == 42


def test_pid_file_of_a_dead_server_does_not_matter(home: Home, programs: Path) -> None:
    with start_blocking(home.path, binaries=programs, idle=IDLE):
        pass
    home.wait_until_down()
    # After a power cut its number may belong to any other process, such as this one.
    (home.layout.data / "postmaster.pid").write_text(f"{os.getpid()}\n{home.layout.data}\n")

    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        assert execute(server.dsn, "SELECT 42") == 42


def test_forked_child_keeps_the_server(home: Home, programs: Path) -> None:
    with Client(home.path, "--fork", binaries=programs, idle=IDLE) as child:
        child.server_pid()
        child.process.wait()  # the parent, which gave up its share
        throughout(lambda: child.ask("SELECT 42") == "42", 4 * IDLE)


async def test_cancelled_start_gives_its_share_back(home: Home, programs: Path) -> None:
    starting = asyncio.ensure_future(start(home.path, binaries=programs, idle=IDLE))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await asyncio.to_thread(home.wait_until_down)


def test_socket_moves_where_the_path_is_too_long(home: Home, programs: Path) -> None:
    deep = home.path.joinpath(*["a" * 50] * 4)
    with start_blocking(deep, binaries=programs, idle=IDLE) as server:
        assert execute(server.dsn, "SELECT 42") == 42
        assert (deep / "postgres" / "data").is_dir()
    type(home)(deep).wait_until_down()
