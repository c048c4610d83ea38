"""Every state of one and of two jobs, of two and of three workers; and what the guards are for."""

from __future__ import annotations

import pytest

from model.exhaustive.rules import GUARDS, Job, Rules, State
from model.exhaustive.search import Search, Wrong

pytestmark = pytest.mark.timeout(300)

SEARCHES = [
    # jobs, workers, claims of each job at most, and how many states there are
    ([Job(max_attempts=2, max_crashes=1)], 2, 4, 2888),
    ([Job(max_attempts=1, max_crashes=0)], 2, 4, 3040),
    ([Job(max_attempts=2, max_crashes=1)], 3, 4, 7761),
    ([Job(max_attempts=1, max_crashes=3)], 3, 5, 12342),
    ([Job(max_attempts=2, max_crashes=0), Job(max_attempts=1, max_crashes=1)], 2, 2, 77757),
    ([Job(max_attempts=1, max_crashes=1)] * 2, 3, 2, 121982),
]


@pytest.mark.parametrize(("jobs", "workers", "claims", "states"), SEARCHES)
def test_nothing_is_wrong_in_any_state(
    jobs: list[Job], workers: int, claims: int, states: int
) -> None:
    search = Search(Rules(claims), State(tuple(jobs), ("alive",) * workers))
    # The number says that the search has gone as far as it should.
    assert search.run() == states


LATE = "a report was let in whose claim does not hold the job"
STUCK = "nothing frees a job"
SPENT = "a pending job has no start left"

FOUND = {
    "fence": LATE,
    "unique": LATE,
    "held": LATE,
    "locked worker": STUCK,
    "alive": "a claim began without a lease",
    "in time": "a claim began without a lease",
    "final": "the dead came back to life",
    "dead only": "a job was taken from a living worker",
    "rescue looks again": "a job was taken from a living worker",
    "burial looks again": "a worker with a lease was buried",
    "sweep looks": STUCK,
    "crash counts": "a crash was not counted",
    "crash refunds": "an attempt was not refunded, or one too many",
    "crashes end": SPENT,
    "errors end": SPENT,
    "cancel wins": "a job that was to be cancelled became completed",
    "cancel stays": "a job that was to be cancelled became pending",
    "cancel asks": "a cancel made a running job cancelled",
    "retry adds": SPENT,
    "one suspect": "a worker has two suspects",
}


@pytest.mark.parametrize("guard", GUARDS)
def test_without_a_guard_something_is_wrong(guard: str) -> None:
    jobs = 2 if guard == "one suspect" else 1
    start = State((Job(max_attempts=2, max_crashes=1),) * jobs, ("alive", "alive"))
    with pytest.raises(Wrong) as found:
        Search(Rules(4, without=guard), start).run()
    assert found.value.what == FOUND[guard]
