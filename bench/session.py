"""One run: everything in the plan, written down as it is found."""

from __future__ import annotations

import resource
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from bench.contender import Contender, NodeEnvironment
from bench.install import ROOT, Installed, Installer, InstallError
from bench.machine import busy, facts
from bench.plan import QUICK_BUDGET, Cell, Plan
from bench.process import AdapterError
from bench.progress import Report
from bench.records import Journal, Record, Run
from bench.server import Server
from bench.stage import Stage

_TRIES = 2
"""Failures of a contender at a workload, after which it is not tried again in this run."""

Participants = dict[str, dict[str, str]]


class Session:
    """A run on a server. `measure` does it, and returns what was found even when broken off."""

    def __init__(self, plan: Plan, server: Server, installer: Installer, folder: Path) -> None:
        self._plan = plan
        self._server = server
        self._installer = installer
        self._folder = folder
        self._scratch = server.directory / "scratch"
        self._scratch.mkdir()
        self._installed: dict[str, Installed] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._counting = False
        self._stages: dict[str, Stage] = {}

    def measure(self) -> Run:
        """Install everybody, then measure. Ctrl-C ends it early."""
        with Report(self._plan) as report:
            participants = self._install(report)
            journal = Journal(self._folder, self._facts(), participants)
            began = time.monotonic()
            last: Cell | None = None
            try:
                for cell in self._plan.cells():
                    if last is not None and last.workload is not cell.workload:
                        self._finish(last)
                    last = cell
                    if self._plan.size.quick and time.monotonic() - began > QUICK_BUDGET:
                        report.skip(cell)
                        continue
                    self._cell(cell, journal, report)
                if last is not None:
                    self._finish(last)
            except KeyboardInterrupt:
                report.say("broken off: the report has what was measured so far")
        return journal.run

    def _install(self, report: Report) -> Participants:
        """Make the environments of all; who cannot be installed is written down with the reason."""
        participants: Participants = {}
        for contender in self._plan.contenders:
            told = {
                "settings": contender.settings,
                "keeps": contender.peer.keeps,
                "version": "",
                "missing": "",
            }
            participants[contender.name] = told
            try:
                installed = self._installer.install(contender.environment)
            except InstallError as error:
                told["missing"] = f"cannot be installed: {error}"
                report.say(f"{contender.name} {told['missing']}")
                continue
            self._installed[contender.name] = installed
            told["version"] = installed.version(contender.environment.package)
            if isinstance(contender.environment, NodeEnvironment):
                told["version"] += f" (Node {installed.versions['node']})"
        return participants

    def _cell(self, cell: Cell, journal: Journal, report: Report) -> None:
        key = (cell.workload.name, cell.contender.name)
        if cell.contender.name not in self._installed or self._failures[key] >= _TRIES:
            report.skip(cell)
            return
        report.begin(cell)
        self._prepare_server(cell)
        record = self._measured(cell)
        if record.error:
            self._failures[key] += 1
        journal.add(record)
        report.end(cell, record)

    def _measured(self, cell: Cell) -> Record:
        stage = self._stage(cell.contender)
        began, ours, all_busy = time.monotonic(), self._ours(), busy()
        figures: dict[str, Any] = {}
        error = ""
        try:
            figures = cell.workload.run(stage, self._plan.size)
        except (AdapterError, psycopg.Error, OSError, LookupError) as failure:
            error = f"{type(failure).__name__}: {str(failure).strip()[:500]}"
        seconds = time.monotonic() - began
        noise = max(0.0, busy() - all_busy - (self._ours() - ours)) / seconds
        try:
            stage.leave()
        except psycopg.Error as failure:
            error = error or str(failure)
        return Record(
            cell.workload.name, cell.contender.name, cell.round, figures, error, seconds, noise
        )

    def _finish(self, cell: Cell) -> None:
        """Put away what the workload of this cell has kept."""
        for contender in self._plan.contenders:
            if contender.name in self._stages and self._plan.takes(cell.workload, contender):
                cell.workload.finish(self._stages[contender.name])

    def _stage(self, contender: Contender) -> Stage:
        if contender.name not in self._stages:
            installed = self._installed[contender.name]
            self._stages[contender.name] = Stage(self._server, contender, installed, self._scratch)
        return self._stages[contender.name]

    def _prepare_server(self, cell: Cell) -> None:
        """Start the server anew where the workload needs it to count statements, or not to."""
        if cell.workload.statements != self._counting:
            self._counting = cell.workload.statements
            self._server.stop()
            self._server.start(statements=self._counting)

    def _ours(self) -> float:
        """Seconds of CPU of the harness, of adapters that have ended, and of the server."""
        used = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            used += usage.ru_utime + usage.ru_stime
        return used + self._server.cpu()

    def _facts(self) -> dict[str, Any]:
        return {
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "commit": _commit(),
            "scale": self._plan.size.scale,
            "quick": self._plan.size.quick,
            "postgresql": self._server.binaries.version,
            "settings": self._server.settings,
            **facts(self._server.directory),
        }


def _commit() -> str:
    """Return the commit measured, with a plus when files have been changed since."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    commit = git("rev-parse", "--short", "HEAD")
    return commit + ("+" if git("status", "--porcelain", "src") else "")
