"""`steve top`, by keys: mostly without a terminal, always on a real database."""

from __future__ import annotations

import subprocess
import sys

import pytest
from psycopg.conninfo import conninfo_to_dict

from steve.cli.top.look import Filter
from support.command import Steve
from support.databases import Databases
from support.seat import seated
from support.terminal import terminal
from support.waiting import eventually


async def test_what_is_there_is_shown(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        await seat.sees("no worker is alive", "no worker runs anything", "no such jobs")
        await seat.jobs.start(2)
        bad = await seat.jobs.create("bad", queue="mail")
        slow = await seat.jobs.create("slow")
        await seat.jobs.create("slow", delay=3600)
        text = await seat.sees("2 Workers 1", "25%", "a quarter", "ValueError: this one never")
        lines = [line.split() for line in text.splitlines()]
        assert ["default", "open", "0", "1", "1", "1"] in [line[:6] for line in lines]
        assert [str(bad.uid)[-8:], "1/1"] in [line[1:3] for line in lines]
        assert [str(slow.uid)[-8:], "1/3"] in [line[1:3] for line in lines]
        assert "second line" not in text
        assert "scheduled 1" in text
        assert "q quit" in text
        assert all(len(line) == 80 for line in text.splitlines())


async def test_p_pauses_and_resumes_the_selected_queue(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        await seat.jobs.create("bad", queue="one")
        await seat.jobs.create("bad", queue="two")
        await seat.sees("1 Queues 2")
        await seat.press("p")
        await seat.sees("p is for queues")
        await seat.press("1", "down", "p")
        await seat.sees("paused  ", "queue two is paused")
        assert [queue.paused for queue in await seat.jobs.queues.list()] == [False, True]
        await seat.press("p")
        await seat.sees("queue two goes on")
        await seat.sees_no("paused  ")
        assert [queue.paused for queue in await seat.jobs.queues.list()] == [False, False]


async def test_r_retries_the_selected_job(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        await seat.jobs.start(1)
        first, second = [await seat.jobs.create("bad") for _ in range(2)]
        await seat.ends(first, second)
        await seat.jobs.stop()
        await seat.sees(str(first.uid)[-8:], str(second.uid)[-8:])
        await seat.press("4", "down", "r")
        await seat.sees("will run again")
        assert [await seat.status(job) for job in (first, second)] == ["pending", "failed"]


async def test_c_asks_before_it_cancels(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        await seat.jobs.start(1)
        job = await seat.jobs.create("slow")
        await seat.sees("a quarter")
        await seat.press("3", "c")
        await seat.sees(f"Cancel slow {job.uid}?")
        await seat.press("n")
        await seat.sees_no("Cancel slow")
        assert await seat.status(job) == "running"
        await seat.press("c")
        await seat.sees("Cancel slow")
        await seat.press("y")
        await seat.sees("told to stop")
        await seat.ends(job)
        assert await seat.status(job) == "cancelled"
        await seat.press("4", "s", "s", "s", "s")
        await seat.sees("4 Cancelled", str(job.uid)[-8:])
        await seat.press("c")
        await seat.sees("cancelled already")


async def test_filters(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        await seat.jobs.start(2)
        jobs = [await seat.jobs.create("bad", queue=queue) for queue in ("mail", "default")]
        await seat.ends(*jobs)
        waiting = await seat.jobs.create("rare", queue="default", delay=3600)
        uids = [str(job.uid)[-8:] for job in (*jobs, waiting)]
        await seat.sees(*uids[:2], "default")
        await seat.press("slash", *"queue:ma", "enter")
        await seat.sees_no(uids[1])
        text = await seat.sees(uids[0], "only queue:ma", "1 Queues 1")
        assert "default  " not in text
        await seat.press("slash", *"queue:ma status:pending", "enter")
        await seat.sees("4 Pending", "no such jobs")
        await seat.press("escape")
        await seat.sees(uids[2])
        await seat.press("slash", *"bad status:all", "enter")
        await seat.sees("4 All jobs", uids[0], uids[1])
        await seat.sees_no(uids[2])
        await seat.press("slash", *"status:odd", "enter")
        await seat.sees("no status odd")


async def test_s_shows_jobs_of_another_status(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        job = await seat.jobs.create("rare")
        for title in ("4 All jobs", "4 Pending"):
            await seat.press("s")
            await seat.sees(title, str(job.uid)[-8:])
        for title in ("4 Completed", "4 Cancelled", "4 Failed"):
            await seat.press("s")
            await seat.sees(title, "no such jobs")


async def test_enter_shows_everything(migrated_dsn: str) -> None:
    async with seated(migrated_dsn, (100, 40)) as seat:
        await seat.jobs.start(1)
        job = await seat.jobs.create("bad", {"to": "ada"})
        await seat.ends(job)
        await seat.sees(str(job.uid)[-8:])
        await seat.press("4", "enter")
        await seat.sees(str(job.uid), '{"to":"ada"}', "Traceback", "second line")
        await seat.press("escape")
        await seat.sees_no("Traceback")
        await seat.press("1", "enter")
        await seat.sees("only queue:default")


async def test_question_mark_shows_the_keys(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        await seat.press("question_mark")
        await seat.sees("retry the selected job", "q, Ctrl-C")
        await seat.press("escape")
        await seat.sees_no("retry the selected job")


async def test_what_comes_from_users_is_text(migrated_dsn: str) -> None:
    async with seated(migrated_dsn, (160, 24)) as seat:
        evil = "[b]\x1b[1m\n"
        await seat.jobs.create(evil, {"why": evil}, queue=evil)
        await seat.press("s")
        text = await seat.sees(r"[b]\x1b[1m\n", "4 All jobs")
        assert text.count(r"[b]\x1b[1m\n") == 3  # the queue, the type, its queue
        assert "\x1b" not in text


async def test_the_selection_stays_with_its_job(migrated_dsn: str) -> None:
    async with seated(migrated_dsn) as seat:
        await seat.press("s")
        first = await seat.jobs.create("first")
        await seat.sees(str(first.uid)[-8:])
        await seat.press("j")
        for _ in range(30):
            await seat.jobs.create("later")
        await seat.sees("ready 31")
        await seat.press("c")
        await seat.sees(f"Cancel first {first.uid}?")
        await seat.press("n", "home", "c")
        await seat.sees("Cancel later ")


async def test_trouble_shows_and_heals(migrated_dsn: str, databases: Databases) -> None:
    name = conninfo_to_dict(migrated_dsn)["dbname"]
    async with seated(migrated_dsn) as seat:
        await seat.jobs.create("here", queue="before")
        await seat.sees("before")
        databases.rename(str(name), f"{name}_away")
        text = await seat.sees("cannot connect")
        assert "before" in text
        databases.rename(f"{name}_away", str(name))
        await seat.jobs.create("there", queue="after")
        await seat.sees("after")
        await seat.sees_no("cannot connect")


async def test_a_small_terminal_and_a_large_one(migrated_dsn: str) -> None:
    for size in ((40, 12), (250, 80)):
        async with seated(migrated_dsn, size) as seat:
            await seat.jobs.create("x" * 250, queue="y" * 200)
            await seat.sees("1 Queues 1")


def test_a_filter_is_read() -> None:
    assert Filter.read("", "failed") == Filter()
    assert Filter.read(" mail queue:slow status:pending ", "failed") == Filter(
        "mail", "slow", "pending"
    )
    assert Filter.read("type:mail", None) == Filter("mail", status=None)
    assert str(Filter.read("mail queue:slow", "failed")) == "queue:slow mail"
    with pytest.raises(ValueError, match="no status"):
        Filter.read("status:odd", None)


def test_on_a_terminal(steve: Steve) -> None:
    with steve.running("worker", "app:jobs"), terminal(steve, "top", "--interval=0.2") as screen:
        screen.shows("steve top", "2 Workers 1", "no such jobs")
        uid = steve.create("bad", max_attempts=1)
        screen.shows(uid[-8:], "ValueError: this one never works")
        screen.press("r")
        screen.shows("will run again")
        eventually(lambda: steve.rows("select attempts from steve.jobs") == [(2,)], 20)
        screen.press("q")
        assert screen.ends() == 0
        assert not screen.cursor_hidden
    assert steve.status(uid) == "failed"


def test_ctrl_c_ends_it(steve: Steve) -> None:
    with terminal(steve, "top") as screen:
        screen.shows("steve top")
        screen.press("\x03")
        assert screen.ends() == 0


def test_sigterm_leaves_the_terminal_as_it_was(steve: Steve) -> None:
    with terminal(steve, "top") as screen:
        screen.shows("steve top")
        screen.process.terminate()
        assert screen.ends() == 0
        assert not screen.cursor_hidden


def test_it_says_what_is_missing(steve: Steve) -> None:
    script = "import sys; sys.modules['textual'] = None; from steve.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "top"], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert 'pip install "pg-steve[top]"' in done.stderr


def test_it_refuses(steve: Steve) -> None:
    assert "needs a terminal" in steve.fails("top", code=2)
    with terminal(steve, "top", "--interval=0") as screen:
        assert screen.ends() == 2
    away = {"STEVE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    with terminal(steve, "top", env=away) as screen:
        assert screen.ends() == 1
        assert "cannot connect" in screen.text
