"""What has become of a schema since it was installed.

The reference is what the migrations make on this very server, in a transaction that is rolled
back. A list that comes with the package would need no privilege to create anything, but would have
to know how each version of PostgreSQL writes a view, a default or a constraint: they differ, and
what differs by that would be called drift.
"""

from __future__ import annotations

from collections.abc import Sequence

from steve.jobs.doctor.check import Finding, Status
from steve.jobs.doctor.repair import Partitions, Repair, for_changed, for_extra, for_missing
from steve.operations.doctor import Thing

Key = tuple[str, str, str]

_ORDER = (
    "table", "kept", "row security", "column", "setting", "sequence", "constraint", "index",
    "function", "view", "trigger",
)  # fmt: skip
"""In this order things are mended: what others rest on comes first."""

_CUSTOMARY = "setting"
"""Of these people add their own; what steve sets is tuning, and no right or wrong."""


def judge_drift(reference: Sequence[Thing], live: Sequence[Thing]) -> list[Finding]:
    """Compare a schema with what it should be, both under the same name."""
    wanted, there = _by_key(reference), _by_key(live)
    partitions = _partitions(live)
    findings: list[Finding] = []
    for key in sorted({*wanted, *there}, key=lambda key: (_ORDER.index(key[0]), *key)):
        if not _goes_without_saying(key, wanted, there):
            finding = _judge(wanted.get(key), there.get(key), partitions)
            if finding is not None:
                findings.append(finding)
    return findings or [Finding("ok", f"{len(wanted):,} objects are as the migrations made them")]


def _by_key(things: Sequence[Thing]) -> dict[Key, Thing]:
    return {
        (thing.kind, thing.table, thing.name): thing for thing in things if thing.kind in _ORDER
    }


def _partitions(things: Sequence[Thing]) -> Partitions:
    found: dict[str, list[str]] = {}
    for thing in things:
        if thing.kind == "partition":
            for root in thing.more:
                found.setdefault(root, []).append(thing.name)
    return found


def _goes_without_saying(key: Key, wanted: dict[Key, Thing], there: dict[Key, Thing]) -> bool:
    """Whether it is said with the table that it belongs to."""
    kind, table, _ = key
    whole = ("table", table, table)
    return kind != "table" and (whole in wanted) != (whole in there)


def _judge(wanted: Thing | None, there: Thing | None, partitions: Partitions) -> Finding | None:
    if wanted is None:
        if there is None or there.kind == _CUSTOMARY:
            return None
        text = "is not steve's" if there.valid else "is not steve's, and invalid"
        return _finding("warning", f"{_called(there)} {text}", for_extra(there))
    status: Status = "warning" if wanted.kind == _CUSTOMARY else "error"
    if there is None:
        return _finding(status, f"{_called(wanted)} is missing", for_missing(wanted, partitions))
    if not there.valid and wanted.valid and _same(wanted, there):
        is_index = there.kind == "index"
        text = (
            "is invalid: it is kept up to date and never used"
            if is_index
            else "was never validated: older rows may break it"
        )
        status = "error" if is_index else "warning"
        return _finding(status, f"{_called(there)} {text}", for_changed(wanted, there, partitions))
    if not _same(wanted, there):
        text = f"{_called(there)} was changed{_how(wanted, there)}"
        return _finding(status, text, for_changed(wanted, there, partitions))
    return None


def _same(wanted: Thing, there: Thing) -> bool:
    if wanted.kind == "constraint":
        return wanted.definition == there.definition.removesuffix(" NOT VALID")
    return (wanted.definition, wanted.more) == (there.definition, there.more)


def _finding(status: Status, text: str, repair: Repair) -> Finding:
    return Finding(status, text, repair.remedy, repair.sql)


def _called(thing: Thing) -> str:
    if thing.kind == "kept":
        return f"the way in which {thing.table} is kept"
    if thing.kind == "row security":
        return f"row security of {thing.table}"
    if thing.kind in {"column", "constraint", "setting", "trigger"}:
        return f"the {thing.kind} {thing.name} of {thing.table}"
    if thing.kind == "index":
        return f"the index {thing.name} on {thing.table}"
    return f"the {thing.kind} {thing.name}"


def _how(wanted: Thing, there: Thing) -> str:
    """Say the difference where that is short."""
    if wanted.kind == "column":
        return f": it is {_column(there)} and should be {_column(wanted)}"
    if wanted.kind in {"setting", "kept", "constraint", "row security"}:
        return f": it is {there.definition} and should be {wanted.definition}"
    return ""


def _column(thing: Thing) -> str:
    required, default, generated = thing.more
    words = [thing.definition, required, default and f"DEFAULT {default}", generated]
    return " ".join(word for word in words if word)
