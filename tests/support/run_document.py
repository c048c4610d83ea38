"""Runs the code of one document, block by block, as its reader would: `run_document.py PATH`.

Python blocks share their names. Those that await at the top level share an event loop, which runs
only meanwhile. SQL goes to the database of `STEVE_DATABASE_URL`, files and commands to the current
directory.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import os
import subprocess
import sys
import traceback
import types
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import psycopg

from steve import Jobs
from support.documents import Block, blocks, commands

COMMAND_TIMEOUT = 30.0


class Reader:
    """Follows a document to its end."""

    def __init__(self, document: Path) -> None:
        self._document = document
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._loop = asyncio.new_event_loop()
        self._printed = ""

    def read(self) -> None:
        """Run everything. Raises what the first block that fails raises."""
        try:
            for block in blocks(self._document):
                try:
                    self._follow(block)
                except BaseException:
                    sys.stderr.write(f"{self._document.name}:{block.line}:\n")
                    raise
        finally:
            self._loop.run_until_complete(self._clean_up())
            self._loop.close()

    def _follow(self, block: Block) -> None:
        kind, _, detail = block.note.partition(": ")
        if kind == "not run":
            return
        if kind == "file":
            Path(detail).write_text(block.text + "\n", encoding="utf-8")
        elif kind == "output":
            assert self._printed.strip() == block.text.strip(), f"printed {self._printed!r}"
        elif block.language == "python":
            self._run_python(block)
        elif block.language == "sql":
            self._run_sql(block)
        elif kind == "run":
            self._run_commands(block, int(detail.removeprefix("exit ") or 0))

    def _run_python(self, block: Block) -> None:
        source = "\n" * (block.line - 1) + block.text
        code = compile(
            source,
            str(self._document),
            "exec",
            flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
        printed = io.StringIO()
        with redirect_stdout(printed):
            answer = types.FunctionType(code, self._names)()
            if inspect.iscoroutine(answer):
                self._loop.run_until_complete(answer)
        self._printed = printed.getvalue()

    def _run_sql(self, block: Block) -> None:
        with psycopg.connect(os.environ["STEVE_DATABASE_URL"], autocommit=True) as connection:
            connection.execute(block.text.encode())

    def _run_commands(self, block: Block, expected: int) -> None:
        for command in commands(block):
            done = subprocess.run(
                ["bash", "-c", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=COMMAND_TIMEOUT,
                check=False,
            )
            assert done.returncode == expected, (
                f"{command!r} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            )

    async def _clean_up(self) -> None:
        for value in self._names.values():
            if isinstance(value, Jobs):
                await value.close()
            elif isinstance(value, subprocess.Popen) and value.poll() is None:
                value.kill()
                value.wait()


if __name__ == "__main__":
    try:
        Reader(Path(sys.argv[1])).read()
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
