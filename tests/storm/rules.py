"""What has to be true of every history, whatever happened on the way.

Each rule looks at all of it and names what breaks it, one line for each. A rule about something
that steve does not have yet (one live job for each unique key, limits) joins the list below: the
audit has those columns already.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from steve.core.job import TERMINAL
from storm.audit import Event
from storm.executions import overlaps
from storm.history import Final, History, Logged
from storm.transitions import InBothTables, Transition, claims, transitions

LEGAL = frozenset({
    (None, "pending"),
    ("pending", "running"),
    ("running", "pending"),
    ("running", "completed"), ("running", "failed"), ("running", "cancelled"),
    ("pending", "cancelled"),
    ("failed", "pending"), ("cancelled", "pending"), ("expired", "pending"),
    ("pending", None),
    ("completed", None), ("failed", None), ("cancelled", None), ("expired", None),
})  # fmt: skip
"""A job's states before and after a transaction. What is not here must not happen."""

REFUNDED = frozenset({"snoozed", "released", "lost"})
"""Ends of attempts that are not held against the job."""


def every_job_ends(history: History) -> Iterator[str]:
    """A create that was acknowledged is there, and everything that is there has ended."""
    finals = {job.uid: job for job in history.finals}
    for line in history.lines:
        if line.what == "created" and line.uid not in finals:
            yield f"{line.uid} was created, and is gone"
    for job in history.finals:
        if job.status not in TERMINAL:
            yield f"{job.uid} ({job.type}) is still {job.status}"


def what_was_undone_never_was(history: History) -> Iterator[str]:
    """A job whose transaction was rolled back is not there and never ran."""
    doomed = {line.uid for line in history.lines if line.what == "doomed"}
    for uid in sorted(doomed & {job.uid for job in history.finals}):
        yield f"{uid} was rolled back, and exists"
    for uid in sorted(doomed & {line.uid for line in history.lines if line.what == "start"}):
        yield f"{uid} was rolled back, and ran"


def transitions_are_legal(history: History) -> Iterator[str]:
    """Jobs change as the table of states says, and are never in both tables."""
    for uid, events in history.events_of.items():
        try:
            steps = list(transitions(events))
        except InBothTables:
            yield f"{uid} was live and archived at once"
            continue
        for step in steps:
            if step.edge[0] != step.edge[1] and step.edge not in LEGAL:
                yield f"{uid} went from {step.edge[0]} to {step.edge[1]}"
            yield from _wrong_counts(step)


def _wrong_counts(step: Transition) -> Iterator[str]:
    before, after = step.before, step.after
    if before is None or after is None:
        return
    if after.attempts != before.attempts + step.is_claim:
        yield f"{step.uid}: {step.edge} took attempts from {before.attempts} to {after.attempts}"
    if step.is_claim:
        if before.status == "running":
            yield f"{step.uid} was claimed while attempt {before.attempt_id} held it"
        if (after.attempt_id or 0) <= (before.attempt_id or 0):
            yield f"{step.uid}: attempt {after.attempt_id} follows {before.attempt_id}"
    for name in ("refunded", "crashes"):
        grown = getattr(after, name) - getattr(before, name)
        if grown not in ((0, 1) if before.status == "running" else (0,)):
            yield f"{step.uid}: {step.edge} changed {name} by {grown}"


def attempts_are_accounted_for(history: History) -> Iterator[str]:
    """Attempts are numbered from one without a gap, and each has one end on record."""
    logged, events = history.attempts_of, history.events_of
    given = Counter(
        step.after.attempt_id
        for steps in events.values()
        for step in _claims(steps)
        if step.after is not None
    )
    yield from (f"attempt {id} was given out {n} times" for id, n in given.items() if n > 1)
    for job in history.finals:
        yield from _wrong_record(job, logged.get(job.uid, []), _claims(events.get(job.uid, [])))


def _claims(events: Sequence[Event]) -> list[Transition]:
    try:
        return claims(events)
    except InBothTables:
        return []


def _wrong_record(job: Final, logged: list[Logged], steps: list[Transition]) -> Iterator[str]:
    ended = [(attempt.number, attempt.id) for attempt in logged]
    if job.status == "completed" or job.status == "running":
        ended.append((job.attempts, job.attempt_id or 0))
    claimed = [(step.after.attempts, step.after.attempt_id) for step in steps if step.after]
    if sorted(ended) != claimed:
        yield f"{job.uid}: attempts {claimed} were begun, and {sorted(ended)} ended"
    if [number for number, _ in sorted(ended)] != list(range(1, job.attempts + 1)):
        yield f"{job.uid}: its {job.attempts} attempts are numbered {sorted(ended)}"
    statuses = Counter(attempt.status for attempt in logged)
    refunds = sum(statuses[status] for status in REFUNDED)
    if job.refunded != refunds:
        yield f"{job.uid}: {job.refunded} attempts refunded, and {refunds} are on record"
    if job.crashes != statuses["lost"]:
        yield f"{job.uid}: {job.crashes} crashes counted, and {statuses['lost']} are on record"


def limits_hold(history: History) -> Iterator[str]:
    """No job has more attempts held against it than it may have, nor more crashes."""
    for job in history.finals:
        if job.attempts - job.refunded > job.max_attempts:
            yield f"{job.uid}: {job.attempts - job.refunded} attempts of {job.max_attempts}"
        if job.crashes > job.max_crashes + 1:
            yield f"{job.uid}: {job.crashes} crashes, of which it survives {job.max_crashes}"


def a_job_is_in_one_table(history: History) -> Iterator[str]:
    """Live jobs and finished ones are disjoint."""
    for uid, number in Counter(job.uid for job in history.finals).items():
        if number > 1:
            yield f"{uid} is there {number} times"


def effects_happen_once(history: History) -> Iterator[str]:
    """What handlers wrote in `job.transaction()` is there exactly if the job completed."""
    effects: dict[str, list[int]] = defaultdict(list)
    for uid, attempt in history.effects:
        effects[uid].append(attempt)
    jobs = {job.uid: job for job in history.finals if job.type == "effect"}
    for uid in sorted(jobs.keys() | effects.keys()):
        job = jobs.get(uid)
        expected = [job.attempt_id] if job is not None and job.status == "completed" else []
        if effects[uid] != expected:
            yield f"{uid}: effects of attempts {effects[uid]} instead of {expected}"


def handlers_run_under_claims(history: History) -> Iterator[str]:
    """A handler is called once for a claim, and no job completes without having been run."""
    claimed = {
        (uid, step.after.attempt_id)
        for uid, events in history.events_of.items()
        for step in _claims(events)
        if step.after is not None
    }
    starts = Counter((line.uid, line.attempt) for line in history.lines if line.what == "start")
    for (uid, attempt), number in starts.items():
        if number > 1:
            yield f"{uid}: attempt {attempt} was started {number} times"
        if (uid, attempt) not in claimed:
            yield f"{uid}: attempt {attempt} ran, and is no claim on record"
    for job in history.finals:
        if job.status == "completed" and (job.uid, job.attempt_id) not in starts:
            yield f"{job.uid} completed in attempt {job.attempt_id}, which never ran"


def executions_do_not_overlap(history: History) -> Iterator[str]:
    """No job runs in two places, unless the first could not be stopped."""
    yield from overlaps(history.lines)


RULES: tuple[Callable[[History], Iterator[str]], ...] = (
    every_job_ends,
    what_was_undone_never_was,
    transitions_are_legal,
    attempts_are_accounted_for,
    limits_hold,
    a_job_is_in_one_table,
    effects_happen_once,
    handlers_run_under_claims,
    executions_do_not_overlap,
)


def violations(history: History) -> dict[str, list[str]]:
    """What breaks which rule; rules that hold are not in it."""
    found = {rule.__name__: list(rule(history)) for rule in RULES}
    return {name: lines for name, lines in found.items() if lines}
