"""What must be true of every state, and of every step between two."""

from __future__ import annotations

from model.exhaustive.rules import OVER, Job, State, Step

LEGAL = {
    "commit": {
        ("pending", "running"), ("running", "completed"), ("running", "pending"),
        ("running", "failed"), ("running", "cancelled"),
    },
    "rescue": {("running", "pending"), ("running", "failed"), ("running", "cancelled")},
    "cancel": {("pending", "cancelled")},
    "retry": {("completed", "pending"), ("failed", "pending"), ("cancelled", "pending")},
}  # fmt: skip
"""What may become of a job, by which step."""


def wrong_step(state: State, step: Step, after: State) -> str:
    """Say what is wrong with a step, or nothing."""
    match step:
        case ("claim", int(worker), _):
            return "" if state.workers[worker] == "alive" else "a claim began without a lease"
        case ("report", int(number), claim, _):
            job = state.jobs[number]
            held = job.status == "running" and claim == job.attempts
            return "" if held else "a report was let in whose claim does not hold the job"
        case ("renew", int(worker)):
            return "" if state.workers[worker] == "expired" else "the dead came back to life"
        case ("bury", int(worker)):
            return "" if state.workers[worker] == "expired" else "a worker with a lease was buried"
        case ("rescue", int(number)):
            if state.workers[state.jobs[number].worker] not in {"dead", "swept"}:
                return "a job was taken from a living worker"
            return _wrong_change(step, state.jobs[number], after.jobs[number])
        case ("commit" | "cancel" | "retry", int(number)):
            return _wrong_change(step, state.jobs[number], after.jobs[number])
        case _:
            return ""


def _wrong_change(step: Step, old: Job, new: Job) -> str:
    if new.attempts < old.attempts or new.refunded < old.refunded:
        return "a count went back"
    if old.status != new.status and (old.status, new.status) not in LEGAL[str(step[0])]:
        return f"a {step[0]} made a {old.status} job {new.status}"
    if old.cancelling and old.status not in OVER and new.status not in {"running", "cancelled"}:
        return f"a job that was to be cancelled became {new.status}"
    return ""


def wrong_state(state: State) -> str:
    """Say what is wrong with a state, or nothing."""
    for job in state.jobs:
        if wrong := _wrong_job(job):
            return wrong
    suspects = [job.worker for job in state.jobs if job.suspect and job.status == "running"]
    return "a worker has two suspects" if len(suspects) > len(set(suspects)) else ""


def _wrong_job(job: Job) -> str:
    spent = job.attempts - job.refunded >= job.max_attempts or job.crashes > job.max_crashes
    if job.status == "pending" and spent:
        return "a pending job has no start left"
    # The attempt that runs, and the one that completed the job, are the job's own row.
    if job.ended + (job.status in {"running", "completed"}) != job.attempts:
        return "an attempt has not one end on record"
    if job.crashes != job.lost:
        return "a crash was not counted"
    if not job.crashes <= job.refunded <= job.attempts:
        return "an attempt was not refunded, or one too many"
    return ""
