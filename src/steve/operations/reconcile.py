"""Jobs that a worker holds without knowing it: a claim was carried out, its answer was lost."""

from __future__ import annotations

from collections.abc import Sequence

from steve.core.job import Job
from steve.operations.operation import Operation
from steve.operations.rows import read_claimed


def orphans(worker: int, known: Sequence[int]) -> Operation[list[Job]]:
    """Find the jobs that `worker` holds by attempts that are not among the `known` ones."""
    return Operation(
        "worker/orphans",
        {"worker": worker, "known": list(known)},
        lambda rows: [read_claimed(row, worker) for row in rows],
        repeatable=True,
    )
