"""Seeded bugs. Each changes one place of a copy of the package, and a test has to fail because of
it: one that is named here, by an assertion of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import steve

PACKAGE = Path(steve.__file__).parent
ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds for a test that may wait for what does not come."""

BY_ASSERTION = (
    "AssertionError",
    "assert ",
    "Failed: DID NOT RAISE",
    "psycopg.errors.CheckViolation",
)
"""How the reason of a test begins that has seen what is wrong. Constraints are asserted as well."""


@dataclass(frozen=True)
class Mutant:
    """A bug: `old`, which has to be there exactly once, becomes `new`. `killer` fails with it.

    A `slow` one takes its test more than a few seconds: waiting for what does not come.
    """

    name: str
    file: str
    old: str
    new: str
    killer: str
    slow: bool = False

    def __str__(self) -> str:
        return self.name


class Survived(AssertionError):
    """A bug that its test does not see."""


def kill(mutant: Mutant, folder: Path, server: str) -> None:
    """Run a mutant's test on a package with that bug. Raises `Survived` unless it is killed."""
    shutil.copytree(PACKAGE, folder / "steve", ignore=shutil.ignore_patterns("__pycache__"))
    mutate(mutant, folder / "steve" / mutant.file)
    run = run_tests([mutant.killer], server, package=folder)
    said = [line for line in run.stdout.splitlines() if line.startswith(f"FAILED {mutant.killer}")]
    reason = said[0].partition(" - ")[2] if said else ""
    if run.returncode != 1 or not reason.startswith(BY_ASSERTION):
        raise Survived(f"{mutant}: pytest ended with {run.returncode}\n{run.stdout}{run.stderr}")


def mutate(mutant: Mutant, file: Path) -> None:
    """Put the bug into a file. Raises `ValueError` if it is not clear where."""
    text = file.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(
            f"{mutant}: {mutant.file} has {text.count(mutant.old)} times\n{mutant.old}"
        )
    file.write_text(text.replace(mutant.old, mutant.new))


def run_tests(
    tests: list[str], server: str, *, package: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run tests on the server of this run, each once, with the package from a folder."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "STEVE"))
    }
    environment |= {
        "STEVE_TEST_DATABASE_URL": server,
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "1000",  # a line of the summary is cut at the end of the terminal
    }
    if package is not None:
        environment["PYTHONPATH"] = str(package)
    # No cache: what failed in here must not be run again by `pytest --last-failed`.
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
