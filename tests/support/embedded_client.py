"""A program that uses the embedded PostgreSQL: run as a process of its own, told by lines of text.

It prints the server's process id once it is connected. Each line that it then reads is a statement,
which it executes and answers with the first value. It ends with its input.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from steve.database.embedded import start_blocking

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Client:
    """Our side of such a process."""

    def __init__(
        self,
        home: Path,
        *options: str,
        binaries: Path | None = None,
        idle: float = 1.0,
        under: tuple[str, ...] = (),
    ) -> None:
        command = [*under, sys.executable, __file__, str(home), f"--idle={idle}", *options]
        self.process = subprocess.Popen(
            [*command, f"--binaries={binaries}"] if binaries else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def server_pid(self) -> int:
        """Wait until it is connected; the process id of its server."""
        return int(self._line())

    def ask(self, statement: str) -> str:
        """Have it execute a statement of one line; the first value as text."""
        assert self.process.stdin
        self.process.stdin.write(f"{statement}\n")
        self.process.stdin.flush()
        return self._line()

    def kill(self) -> None:
        """End it without giving it a chance to do anything about it."""
        self.process.send_signal(signal.SIGKILL)
        self._end()

    def close(self) -> None:
        """Let it end by itself."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the client ended with {self.process.wait()}"
        return line.strip()

    def _end(self) -> None:
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--binaries", type=Path)
    parser.add_argument("--idle", type=float)
    parser.add_argument("--fork", action="store_true", help="go on in a child, closing in parent")
    given = parser.parse_args()
    server = start_blocking(given.home, binaries=given.binaries, idle=given.idle)
    if given.fork and os.fork():
        server.close()
        os._exit(0)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        pid = (server.directory / "data" / "postmaster.pid").read_text().split("\n")[0]
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        for line in sys.stdin:
            cursor = connection.execute(line.encode())
            row = cursor.fetchone() if cursor.description else None
            sys.stdout.write(f"{row[0] if row else ''}\n")
            sys.stdout.flush()
    # Without a word to the server: the kernel gives the lease back.
    os._exit(0)


if __name__ == "__main__":
    main()
