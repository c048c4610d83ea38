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


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at.

    `found` is what was seen and `remedy` what to do, in sentences; `sql` are statements that mend
    it, to be run one after the other and not in one transaction. `unknown` is what could not be
    looked at. `exit_code` is 0 if all is well, else that of `EXIT_CODES`.
    """

    name: str
    status: Status
    found: list[str]
    remedy: list[str]
    sql: list[str]
    exit_code: int


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


class Finding(msgspec.Struct, frozen=True):
    """One sentence of a check, and what follows from it."""

    status: Status
    found: str
    remedy: str = ""
    sql: Sequence[str] = ()


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
    return Check(
        name=name,
        status=status,
        found=[finding.found for finding in told],
        remedy=list(dict.fromkeys(finding.remedy for finding in told if finding.remedy)),
        sql=list(dict.fromkeys(line for finding in told for line in finding.sql)),
        exit_code=0 if status == "ok" else EXIT_CODES[name],
    )


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
