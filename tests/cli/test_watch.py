"""`steve list --watch`."""

from __future__ import annotations

import json
import signal
from subprocess import Popen
from typing import Any

from support.command import Steve
from support.databases import Databases
from support.terminal import terminal
from support.waiting import eventually


def test_watch_shows_what_changes_in_place(steve: Steve) -> None:
    steve.create("mail")
    with terminal(steve, "list", "--watch", "0.2") as screen:
        screen.shows("pending", "every 0.2 s")
        with steve.running("worker", "app:jobs"):
            steve.create("double")
            screen.shows("completed")
        assert screen.text.count("uid ") == 1
        screen.press("\x03")
        assert screen.ends() == 0
        assert "completed" in screen.text
        assert "Traceback" not in screen.text
        assert not screen.cursor_hidden


def test_watch_takes_the_filters(steve: Steve) -> None:
    steve.create("mail", queue="one")
    steve.create("double", queue="two")
    with terminal(steve, "list", "--watch", "--queue=one") as screen:
        assert "double" not in screen.shows("mail", "every 1 s")


def test_watch_fits_the_terminal(steve: Steve) -> None:
    steve.rows("select steve.create_job('a', '{}') from generate_series(1, 40)")
    with terminal(steve, "list", "--watch", "--limit=100") as screen:
        lines = screen.shows("Ctrl-C").splitlines()
    assert lines[0].startswith("uid")
    assert len([line for line in lines if "pending" in line]) == 18


def test_watch_goes_on_when_the_database_is_back(steve: Steve, databases: Databases) -> None:
    name = steve.rows("select current_database()")[0][0]
    steve.create("mail")
    with terminal(steve, "list", "--watch", "0.2") as screen:
        screen.shows("mail", "Ctrl-C")
        databases.rename(name, f"{name}_away")
        screen.hides("Ctrl-C")
        assert "mail" in screen.shows("not exist")
        databases.rename(f"{name}_away", name)
        steve.create("double")
        screen.shows("double", "Ctrl-C")


def test_watch_in_json_tells_each_change_once(steve: Steve) -> None:
    first = steve.create("mail")
    with steve.running("list", "--watch=0.1", "--json") as process:
        eventually(lambda: told(steve), 20)
        second = steve.create("double")
        eventually(lambda: len(told(steve)) == 2, 20)
        steve.rows("select steve.cancel_jobs(array[%s]::uuid[])", second)
        eventually(lambda: len(told(steve)) == 3, 20)
        stop(process)
    assert [(job["uid"], job["status"]) for job in told(steve)] == [
        (first, "pending"),
        (second, "pending"),
        (second, "cancelled"),
    ]
    assert steve.said() == ""


def test_watch_refuses(steve: Steve) -> None:
    assert "--json" in steve.fails("list", "--watch", code=2)
    assert "more than 0" in steve.fails("list", "--watch=0", "--json", code=2)
    assert "no duration" in steve.fails("list", "--watch=often", "--json", code=2)
    away = {"STEVE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    assert "none" in steve.fails("list", "--watch", "--json", env=away, code=1)


def told(steve: Steve) -> list[dict[str, Any]]:
    """The whole lines that the command has written."""
    lines = (steve.folder / "out").read_text().split("\n")[:-1]
    return [json.loads(line) for line in lines]


def stop(process: Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
