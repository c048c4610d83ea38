"""What the doctor says: a check, and all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from steve.core.errors import OptionError
from steve.core.text import safe_repr

Status = Literal["error", "warning", "unknown", "ok"]

SEVERITY: dict[Status, int] = {"error": 0, "warning": 1, "unknown": 2, "ok": 3}
"""The worst first."""

EXIT_CODES = {
    "database": 10,
    "schema": 11,
    "drift": 12,
    "privileges": 13,
    "partitions": 14,
    "workers": 15,
    "types": 16,
    "backlog": 17,
    "snapshots": 18,
    "vacuum": 19,
    "connections": 20,
    "listen": 21,
    "clock": 22,
}
"""The checks by name, in the order in which they are made, each with its exit code."""


class Finding(msgspec.Struct, frozen=True):
    """Something that was found, and what follows from it.

    `found` and `remedy` are sentences; `sql` are statements that mend it, to be run one after the
    other and not in one transaction. `unknown` is what could not be looked at.
    """

    status: Status
    found: str
    remedy: str = ""
    sql: Sequence[str] = ()


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at: what was found, the worst first.

    `status` is that of the first finding. `exit_code` is 0 if it is ok, else that of `EXIT_CODES`.
    """

    name: str
    status: Status
    exit_code: int
    findings: list[Finding]

    @property
    def found(self) -> list[str]:
        """What was found."""
        return [finding.found for finding in self.findings]

    @property
    def remedy(self) -> list[str]:
        """What to do, each thing once."""
        return list(dict.fromkeys(each.remedy for each in self.findings if each.remedy))

    @property
    def sql(self) -> list[str]:
        """The SQL of all findings, each statement once."""
        return list(dict.fromkeys(line for each in self.findings for line in each.sql))


class Diagnosis(msgspec.Struct, frozen=True):
    """What `doctor` has found: checks, the worst first.

    `status` and `exit_code` are those of the first check. `now` is the database's time, None where
    it could not be asked.
    """

    status: Status
    exit_code: int
    schema: str
    now: datetime | None
    checks: list[Check]


def check_names(names: str | Iterable[str]) -> frozenset[str]:
    """Return names of checks. Raises OptionError for one that there is not."""
    found = frozenset([names] if isinstance(names, str) else names)
    for name in found:
        if name not in EXIT_CODES:
            raise OptionError(
                f"there is no check {safe_repr(name)}: there are {', '.join(EXIT_CODES)}"
            )
    return found


def check(name: str, findings: Iterable[Finding]) -> Check:
    """Put findings together: the worst decides, and speaks first.

    What is well is said only where nothing else is.
    """
    ordered = sorted(findings, key=lambda finding: SEVERITY[finding.status])
    status = ordered[0].status
    told = [finding for finding in ordered if status == "ok" or finding.status != "ok"]
    return Check(name, status, 0 if status == "ok" else EXIT_CODES[name], told)


def diagnosis(checks: Sequence[Check], schema: str, now: datetime | None) -> Diagnosis:
    """Put the checks together. Of equally bad ones that made first decides."""
    ordered = sorted(checks, key=lambda check: SEVERITY[check.status])
    worst = ordered[0] if ordered else None
    return Diagnosis(
        status="ok" if worst is None else worst.status,
        exit_code=0 if worst is None else worst.exit_code,
        schema=schema,
        now=now,
        checks=ordered,
    )
