"""Judging what holds back vacuum: old transactions, and what keeps old rows for others."""

from __future__ import annotations

from collections.abc import Sequence

from steve.jobs.doctor.check import Finding
from steve.jobs.doctor.thresholds import SNAPSHOT_ERROR, SNAPSHOT_TRANSACTIONS, SNAPSHOT_WARNING
from steve.jobs.doctor.words import counted, literal, span
from steve.operations.doctor import Holder

_WHY_SNAPSHOTS = (
    "while it lasts, vacuum cannot clean the live table, and claims become slower; find out whose "
    "it is and end it, if it may be ended by the SQL"
)


def judge_holders(holders: Sequence[Holder]) -> list[Finding]:
    """Judge old transactions, and whatever else holds back vacuum."""
    judged = (_JUDGES[holder.kind](holder) for holder in holders if holder.kind != "hidden")
    findings = [finding for finding in judged if finding is not None]
    hidden = [holder for holder in holders if holder.kind == "hidden"]
    if hidden:
        findings.append(_judge_hidden(hidden))
    return findings or [Finding("ok", f"no transaction is older than {span(SNAPSHOT_WARNING)}")]


def _judge_session(holder: Holder) -> Finding | None:
    seconds = holder.seconds or 0.0
    holds = holder.transactions is not None
    does = "holds back vacuum" if holds else "may hold locks"
    remedy = (
        _WHY_SNAPSHOTS
        if holds
        else (
            "it reads nothing at present, but its locks keep migrations and the removal of "
            "partitions waiting; find out whose it is and end it, if it may be ended by the SQL"
        )
    )
    return Finding(
        "error" if holds and seconds >= SNAPSHOT_ERROR else "warning",
        f"{_who(holder)} has been in a transaction for {span(seconds)}{_since(holder)}, is "
        f"{holder.state or 'in an unknown state'}, and {does}",
        remedy,
        [f"SELECT pg_terminate_backend({holder.name});"],
    )


def _judge_replica(holder: Holder) -> Finding | None:
    if (holder.transactions or 0) < SNAPSHOT_TRANSACTIONS:
        return None
    return Finding(
        "warning",
        f"the replica {_who(holder)} needs rows that are {holder.transactions:,} transactions old",
        "look there for a long query or transaction; hot_standby_feedback makes it everybody's",
    )


def _judge_prepared(holder: Holder) -> Finding | None:
    seconds = holder.seconds or 0.0
    return Finding(
        "error" if seconds >= SNAPSHOT_ERROR else "warning",
        f"the prepared transaction {holder.name!r} of {holder.role} has been there for "
        f"{span(seconds)}{_since(holder)}, and holds back vacuum",
        "whoever prepared it should commit it; if nobody knows it any more, roll it back by the "
        "SQL, as its owner or a superuser",
        [f"ROLLBACK PREPARED {literal(holder.name)};"],
    )


def _judge_slot(holder: Holder) -> Finding | None:
    old = (holder.transactions or 0) >= SNAPSHOT_TRANSACTIONS
    if holder.state == "active" and not old:
        return None
    idle = f" for {span(holder.seconds)}{_since(holder)}" if holder.seconds is not None else ""
    state = "is active" if holder.state == "active" else f"has been inactive{idle}"
    return Finding(
        "error" if old else "warning",
        f"the replication slot {holder.name!r} {state}, and keeps rows that are "
        f"{holder.transactions or 0:,} transactions old",
        "bring back the replica that it belongs to; if there is none any more, drop it by the SQL",
        [f"SELECT pg_drop_replication_slot({literal(holder.name)});"],
    )


_JUDGES = {
    "session": _judge_session,
    "replica": _judge_replica,
    "prepared": _judge_prepared,
    "slot": _judge_slot,
}


def _judge_hidden(hidden: Sequence[Holder]) -> Finding:
    oldest = max(hidden, key=lambda holder: holder.transactions or -1)
    age = (
        f"; the oldest snapshot among them is {oldest.transactions:,} transactions old "
        f"({_who(oldest)})"
        if oldest.transactions is not None
        else ""
    )
    old = (oldest.transactions or 0) >= SNAPSHOT_TRANSACTIONS
    return Finding(
        "warning" if old else "unknown",
        f"since when {counted(len(hidden), 'session')} of other roles may hold a snapshot is "
        f"hidden from this role{age}",
        "look as a superuser, or as a role that was given `GRANT pg_read_all_stats TO …`",
    )


def _who(holder: Holder) -> str:
    name = f" ({holder.application})" if holder.application else ""
    place = f" at {holder.client}" if holder.client else ""
    return f"pid {holder.name} of {holder.role}{name}{place}"


def _since(holder: Holder) -> str:
    return f" (since {holder.since:%Y-%m-%d %H:%M:%S} UTC)" if holder.since is not None else ""
