from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.command import Steve


def test_help_is_light(tmp_path: Path) -> None:
    code = (
        "import sys; from steve.cli.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "print(sorted({'psycopg', 'rich', 'msgspec', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert "demo" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(steve: Steve) -> None:
    said = steve("--version").out
    assert said.startswith("steve ")
    assert "schema version" in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(steve: Steve, shell: str) -> None:
    assert "_STEVE_COMPLETE" in steve("completion", shell).out


def test_commands_complete(steve: Steve) -> None:
    said = steve(
        env={"_STEVE_COMPLETE": "bash_complete", "COMP_WORDS": "steve w", "COMP_CWORD": "1"}
    )
    assert {line.partition(",")[2] for line in said.out.splitlines()} == {"wait", "worker"}


def test_every_command_has_help(steve: Steve) -> None:
    for command in ("bench", "create", "list", "queue", "worker"):
        assert steve(command, "--help").out.startswith(f"Usage: steve {command}")


def test_wrong_usage(steve: Steve) -> None:
    assert "No such command" in steve.fails("lisst", code=2)
    assert "No such option" in steve.fails("list", "--colour", code=2)


def test_a_database_that_is_not_there(steve: Steve) -> None:
    said = steve.fails("list", "--db", "postgresql://me:secret@127.0.0.1:1/none", code=1)
    assert "127.0.0.1:1/none" in said
    assert "secret" not in said
    assert len(said.splitlines()) == 1


def test_a_dsn_that_is_none(steve: Steve) -> None:
    said = steve.fails("list", "--db", "mysql://me:secret@host/none", code=2)
    assert "PostgreSQL" in said
    assert "secret" not in said


def test_a_schema_that_is_not_there(steve: Steve) -> None:
    assert "steve migrate" in steve.fails("list", "--schema", "elsewhere", code=1)
    assert "pg_" in steve.fails("list", "--schema", "pg_catalog", code=2)


def test_output_that_nobody_wants(steve: Steve) -> None:
    steve.rows("select steve.create_job('double', '{}') from generate_series(1, 500)")
    command = [sys.executable, "-m", "steve", "list", "--limit", "500", "--json"]
    process = subprocess.Popen(
        command, env=steve.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    process.stdout.close()
    assert process.communicate(timeout=30)[1] == ""
