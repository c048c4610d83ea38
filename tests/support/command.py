"""Running the command as people do: in a process of its own, against a real database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

APP = """\
import asyncio
import os
import signal

from steve import Jobs

jobs = Jobs(poll_interval=0.2)


@jobs.handler("double")
async def double(job):
    return {"doubled": job.payload.get("n", 0) * 2}


@jobs.handler("bad")
async def bad(job):
    raise ValueError("this one never works")


@jobs.handler("slow")
async def slow(job):
    await asyncio.sleep(job.payload.get("seconds", 60))
    return "slept"


@jobs.handler("pid")
async def pid(job):
    return os.getpid()


@jobs.handler("die")
async def die(job):
    os.kill(os.getpid(), signal.SIGKILL)


def make_jobs():
    return jobs


class holder:
    inner = jobs


number = 3
"""


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Steve:
    """Runs `python -m steve` in a folder that holds the module `app`."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self.dsn = dsn
        (folder / "app.py").write_text(APP)
        kept = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        self.environment = {
            **kept,
            "STEVE_DATABASE_URL": dsn,
            "STEVE_HOME": str(folder / "home"),
            "COLUMNS": "200",
        }

    def __call__(
        self,
        *arguments: str,
        code: int = 0,
        given: str | None = None,
        env: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        """Run a command and check its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "steve", *arguments],
            cwd=self.folder,
            env={**self.environment, **(env or {})},
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        assert answer.code == code, answer
        return answer

    def fails(self, *arguments: str, code: int, **others: Any) -> str:
        """Run a command that fails as expected: one clear line, no traceback of ours."""
        answer = self(*arguments, code=code, **others)
        assert "Traceback" not in answer.err
        assert answer.out == ""
        return answer.err

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run a command beside the test. What it writes is in the files `out` and `err`."""
        with (self.folder / "out").open("w") as out, (self.folder / "err").open("w") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "steve", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
                start_new_session=True,
                preexec_fn=_heed_ctrl_c,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(10)
                    except subprocess.TimeoutExpired:
                        os.killpg(process.pid, signal.SIGKILL)
                        process.wait()

    def said(self) -> str:
        """What the command that runs beside the test has written to standard error."""
        return (self.folder / "err").read_text()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def live_workers(self) -> int:
        query = "select count(*) from steve.worker where died_at is null and expires_at > now()"
        return self.rows(query)[0][0]

    def create(self, type: str, payload: str = "{}", **others: Any) -> str:
        """Create a job by SQL, which costs less than a process; its uid."""
        given = {"type": type, "payload": payload, **others}
        names = ", ".join(f"{name} => %s" for name in given)
        query = f"select steve.create_job({names.replace('payload => %s', 'payload => %s::jsonb')})"
        return str(self.rows(query, *given.values())[0][0])

    def status(self, uid: str) -> str:
        return self.rows("select status from steve.jobs where uid = %s", uid)[0][0]


def _heed_ctrl_c() -> None:
    """Undo what is inherited where the tests themselves run in a shell's background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
