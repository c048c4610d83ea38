"""Environments under `.cache`: one per peer, made once, brought up to date when they change."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import node
from bench.contender import NodeEnvironment, PythonEnvironment

ROOT = Path(__file__).parent.parent
CACHE = Path(__file__).parent / ".cache"
PREFERRED = ("3.12", "3.13", "3.11")
"""Pythons, best first: one that every peer supports."""

_LIMIT = 900.0


class InstallError(Exception):
    """An environment cannot be made; the message is the reason in a line."""


@dataclass(frozen=True, slots=True)
class Installed:
    """How to run a script in an environment, and the versions of what is in there."""

    command: tuple[str, ...]
    versions: dict[str, str]
    folder: Path

    def version(self, package: str) -> str:
        """The version of a package, or an empty text."""
        return self.versions.get(_canonical(package), "")


class Installer:
    """Makes environments. The same one is made once per run."""

    def __init__(self, cache: Path = CACHE, *, wheel_node: bool = False) -> None:
        self._cache = cache
        self._wheel_node = wheel_node
        self._python: str | None = None
        self._node: node.Node | None = None
        self._made: dict[str, Installed | InstallError] = {}

    def install(self, environment: PythonEnvironment | NodeEnvironment) -> Installed:
        """Make an environment, or use it as it is. Raises InstallError."""
        made = self._made.get(environment.name)
        if made is None:
            try:
                if isinstance(environment, PythonEnvironment):
                    made = self._install_python(environment.name, environment.requirements)
                else:
                    made = self._install_node(environment)
            except InstallError as error:
                made = error
            self._made[environment.name] = made
        if isinstance(made, InstallError):
            raise made
        return made

    def _install_python(self, name: str, requirements: Sequence[str]) -> Installed:
        home = self._cache / name
        program = home / "bin" / "python"
        python = self._find_python()
        key = _key(python, *requirements, (ROOT / "pyproject.toml").read_text())
        if not _stamped(home, key):
            self._run([python, "-m", "venv", "--clear", home], name)
            pip = [program, "-m", "pip", "install", "--disable-pip-version-check"]
            self._run([*pip, "--progress-bar=off", *requirements], name)
            _stamp(home, key)
        return Installed((str(program),), dict(_python_versions(home)), home)

    def _install_node(self, environment: NodeEnvironment) -> Installed:
        found = self._find_node()
        fitting = [wanted for oldest, wanted in environment.choices if oldest <= found.version]
        if not fitting:
            raise InstallError(f"no release of {environment.package} fits {found}")
        home = self._cache / environment.name
        packages = [f"{environment.package}@{fitting[0]}", *environment.others]
        key = _key(str(found), *packages)
        if not _stamped(home, key):
            home.mkdir(parents=True, exist_ok=True)
            (home / "package.json").write_text(json.dumps({"name": "bench", "private": True}))
            flags = ["--no-audit", "--no-fund", "--no-progress", "--ignore-scripts"]
            self._run([*found.npm, "install", *flags, *packages], environment.name, home)
            _stamp(home, key)
        versions = dict(_node_versions(home))
        versions["node"] = ".".join(str(number) for number in found.version)
        return Installed((str(found.program),), versions, home)

    def _find_python(self) -> str:
        """Return the path of the best Python here, which all peers share."""
        if self._python is None:
            lines = subprocess.run(
                [ROOT / "tools" / "pythons"], capture_output=True, text=True, check=True
            ).stdout.splitlines()
            known = dict(line.split(maxsplit=1) for line in lines)
            found = [known[version] for version in PREFERRED if version in known]
            if not found:
                raise InstallError(f"none of Python {', '.join(PREFERRED)} is here")
            self._python = found[0]
        return self._python

    def _find_node(self) -> node.Node:
        """Return the machine's Node; without one install it from a wheel."""
        if self._node is None and not self._wheel_node:
            self._node = node.of_machine()
        if self._node is None:
            self._install_python("node", [node.WHEEL])
            self._node = node.of_wheel(self._cache / "node")
        if self._node is None:
            raise InstallError(f"neither node is on PATH nor does {node.WHEEL} run here")
        return self._node

    def _run(self, command: Sequence[str | Path], name: str, folder: Path | None = None) -> None:
        log = self._cache / f"{name}.install.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PIP_NO_INPUT": "1"}
        with log.open("w") as file:
            try:
                done = subprocess.run(
                    command,
                    cwd=folder or ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    timeout=_LIMIT,
                    check=False,
                    env=environment,
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise InstallError(f"{type(error).__name__}: {error}") from error
        if done.returncode:
            raise InstallError(_reason(log.read_text(errors="replace")))


def _reason(text: str) -> str:
    """Return the line of an installer's output that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(ERROR|npm (ERR!|error))", line)]
    return (telling or lines or ["no output"])[-1][:300]


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _stamped(home: Path, key: str) -> bool:
    stamp = home / ".stamp"
    return stamp.is_file() and stamp.read_text() == key


def _stamp(home: Path, key: str) -> None:
    (home / ".stamp").write_text(key)


def _python_versions(home: Path) -> Iterator[tuple[str, str]]:
    for folder in home.glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        yield _canonical(name), version


def _node_versions(home: Path) -> Iterator[tuple[str, str]]:
    for pattern in ("node_modules/*/package.json", "node_modules/@*/*/package.json"):
        for file in home.glob(pattern):
            package = json.loads(file.read_text())
            if "name" in package and "version" in package:
                yield _canonical(package["name"]), package["version"]


def _canonical(name: str) -> str:
    return name if name.startswith("@") else re.sub(r"[-_.]+", "-", name).lower()
