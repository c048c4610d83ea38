"""The rules of this house that no linter knows."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import pq

import steve
from steve.database.migrate import migrate
from steve.sql.loader import statement

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "steve"
STATEMENTS = SOURCE / "sql" / "statements"
ODD_SCHEMA = 'we"ird $name: é'

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
WORKER_PATH = ("core", "sql", "telemetry", "database", "operations", "events", "worker")
"""What a job's data passes on its way through a worker, and the loops beside it."""

FORBIDDEN_MODULES = frozenset({"pickle", "marshal", "shelve", "dill", "cloudpickle", "runpy"})
FORBIDDEN_CALLS = frozenset({"eval", "exec", "compile", "__import__", "import_module"})


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def where(path: Path, node: ast.AST) -> str:
    return f"{name(path)}:{getattr(node, 'lineno', 0)}"


def all_files() -> list[Path]:
    found = python_files(ROOT / "src", ROOT / "tests", ROOT / "examples")
    return [*found, *sorted(SOURCE.rglob("*.sql"))]


def statement_names() -> list[str]:
    return sorted(
        path.relative_to(STATEMENTS).with_suffix("").as_posix()
        for path in STATEMENTS.rglob("*.sql")
    )


def test_a_file_is_short() -> None:
    lines = {name(path): len(path.read_text().splitlines()) for path in all_files()}
    assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}


def test_a_function_is_short() -> None:
    long = [
        f"{where(path, node)} {node.name}: {node.end_lineno - node.lineno + 1}"
        for path in python_files(ROOT / "src")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and body_length(node) > LONGEST_FUNCTION
    ]
    assert long == []


def body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function that do something: without its signature and its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_a_file_is_named_after_what_is_in_it() -> None:
    vague = {"util.py", "utils.py", "helper.py", "helpers.py", "misc.py", "common_utils.py"}
    assert [name(path) for path in all_files() if path.name in vague] == []


def test_nothing_from_the_database_becomes_code() -> None:
    found = [
        place
        for folder in (*WORKER_PATH, "maintenance", "jobs")
        for path in python_files(SOURCE / folder)
        for place in ways_to_code(path)
    ]
    assert found == []


def ways_to_code(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            if module.partition(".")[0] in FORBIDDEN_MODULES:
                yield f"{where(path, node)} imports {module}"
        if isinstance(node, ast.Call) and called(node) in FORBIDDEN_CALLS:
            yield f"{where(path, node)} calls {called(node)}"


def called(node: ast.Call) -> str:
    """The name of what is called; `re.compile` is not the built-in one."""
    if isinstance(node.func, ast.Name):
        return node.func.id
    attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return attribute if attribute == "import_module" else ""


def test_the_public_names_are_sorted_and_there() -> None:
    assert list(steve.__all__) == sorted(steve.__all__)
    assert [public for public in steve.__all__ if not hasattr(steve, public)] == []


def test_the_public_names_say_what_they_are() -> None:
    silent = [
        public
        for public in steve.__all__
        if callable(getattr(steve, public)) and not getattr(steve, public).__doc__
    ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    # Put together, so that this file does not find itself.
    words = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")
    marks = re.compile(rf"\b({'|'.join(words)})\b")
    texts = [*all_files(), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    found = [
        f"{name(path)}:{number}"
        for path in texts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_every_statement_belongs_to_an_operation() -> None:
    used = {
        constant.value
        for path in python_files(SOURCE / "operations")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and called(node) == "Operation" and node.args
        for constant in ast.walk(node.args[0])
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    assert sorted(used) == statement_names()


@pytest.fixture
def odd_connection(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection to a database where steve is installed under a name that needs quoting."""
    asyncio.run(install(dsn))
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


async def install(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await migrate(connection, ODD_SCHEMA)


@pytest.mark.any_postgres
def test_every_statement_is_understood_in_any_schema(odd_connection: psycopg.Connection) -> None:
    refused = {}
    for statement_name in statement_names():
        text = statement(statement_name, ODD_SCHEMA).text
        answer = odd_connection.pgconn.prepare(b"", text.encode())
        if answer.status != pq.ExecStatus.COMMAND_OK:
            refused[statement_name] = answer.error_message.decode()
    assert refused == {}
