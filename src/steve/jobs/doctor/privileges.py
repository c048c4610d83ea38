"""What a role may do: create jobs, run them, look at them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from steve.jobs.doctor.check import Finding
from steve.jobs.doctor.words import listed, literal
from steve.sql import quoted


class Need(NamedTuple):
    """A privilege on something in the schema. The schema itself has no name in there."""

    kind: str
    name: str
    privilege: str

    @property
    def telling(self) -> bool:
        """Whether having it says that somebody meant the role to do a part.

        Looking is for all parts, and functions are everybody's unless they were revoked.
        """
        return self.kind in {"table", "sequence"} and self.privilege != "SELECT"

    def __str__(self) -> str:
        return f"{self.privilege} on {self.name or 'the schema'}"


def _on(privileges: str, *names: str, kind: str = "table") -> tuple[Need, ...]:
    return tuple(Need(kind, name, each) for name in names for each in privileges.split())


_ALL = (
    Need("schema", "", "USAGE"),
    *_on("SELECT", "migration", "job", "job_archive", "attempt", "jobs"),
)
PARTS = {
    "producer": (
        *_ALL,
        *_on("INSERT", "job", "action"),
        *_on("SELECT INSERT UPDATE DELETE", "sleeper"),
        *_on("EXECUTE", "create_jobs", "create_job", "cancel_jobs", kind="function"),
        *_on("EXECUTE", "cancel_job", "drop_resent", "wake_workers", kind="function"),
    ),
    "worker": (
        *_ALL,
        *_on("SELECT", "worker", "queue"),
        *_on("UPDATE DELETE", "job"),
        *_on("USAGE", "attempt_id", kind="sequence"),
        *_on("INSERT", "job_archive", "attempt", "log"),
        *_on("USAGE", "log_id", kind="sequence"),
        *_on("INSERT UPDATE DELETE", "worker"),
        *_on("SELECT INSERT UPDATE DELETE", "sample"),
        *_on("SELECT INSERT UPDATE DELETE", "sleeper"),
        *_on("EXECUTE", "wake_workers", "wake_waiters", kind="function"),
        *_on("EXECUTE", "create_partitions", "remove_partition", kind="function"),
    ),
    "monitor": (*_ALL, *_on("SELECT", "worker", "queue", "sleeper", "log", "sample", "action")),
}
"""What each part needs. What a version of the schema does not have is not missed."""

NEEDS = list(dict.fromkeys(need for needs in PARTS.values() for need in needs))


def judge_privileges(held: Sequence[bool | None], role: str, schema: str) -> list[Finding]:
    """Judge what the role has of `NEEDS`.

    A role need not do every part. It is wrong if it can do none, or if it has some of what only a
    part needs that it cannot do: somebody meant it to.
    """
    lacks = {need for need, has in zip(NEEDS, held, strict=True) if has is False}
    lacking = {part: [n for n in needs if n in lacks] for part, needs in PARTS.items()}
    able = [part for part, needs in lacking.items() if not needs]
    used = {need for part in able for need in PARTS[part]}
    findings: list[Finding] = []
    if able:
        findings.append(Finding("ok", f"role {role} can be {', '.join(able)}"))
    for part, needs in lacking.items():
        if not needs:
            continue
        meant = any(n.telling and n not in lacks and n not in used for n in PARTS[part])
        status = "error" if not able else "warning" if meant else "ok"
        text = f"for the part of a {part}, role {role} lacks {listed([str(n) for n in needs])}"
        if status == "ok":
            findings.append(Finding(status, text))
            continue
        remedy = (
            f"if it is to be a {part}, have the schema's owner run "
            f"`steve migrate --grant {shlex.quote(f'{part}={role}')}`, or the SQL"
        )
        grant = f"SELECT {quoted(schema)}.grant_part({literal(part)}, {literal(role)});"
        findings.append(Finding(status, text, remedy, [grant]))
    return findings
