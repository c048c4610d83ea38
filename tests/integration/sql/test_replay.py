"""Walks through the states of the exhaustive model, in the database as in the model."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from integration.sql.replay import Replay
from model.exhaustive.rules import OUTCOMES, Job, Rules, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from integration.sql.scene import Scene
    from model.exhaustive.rules import Step

pytestmark = pytest.mark.any_postgres

START = State(
    (Job(max_attempts=2, max_crashes=0), Job(max_attempts=2, max_crashes=1)), ("alive",) * 9
)
RULES = Rules(most_claims=99)
WALKS = 20
LENGTH = 60
WEIGHTS = {
    "claim": 20, "report": 20, "commit": 20, "abort": 2, "cancel": 2, "retry": 20, "expire": 3,
    "renew": 3, "retire": 1, "bury": 20, "rescue": 20, "sweep": 2,
}  # fmt: skip
DEADLY = WEIGHTS | {"report": 4, "expire": 15}


def walk(seed: int) -> Iterator[tuple[State, Step, State]]:
    """Steps from one state to the next, drawn from the kinds that are possible, by weight."""
    random, state = Random(seed), START
    weights = DEADLY if seed % 2 else WEIGHTS
    for _ in range(LENGTH):
        steps = dict(RULES.steps(state))
        kinds = sorted({str(step[0]) for step in steps})
        (kind,) = random.choices(kinds, [weights[kind] for kind in kinds])
        step = random.choice([step for step in steps if step[0] == kind])
        yield state, step, steps[step]
        state = steps[step]


@pytest.mark.parametrize("seed", range(WALKS))
def test_the_database_goes_the_same_way(connect: Callable[[], Scene], seed: int) -> None:
    replay, taken = Replay(connect, START), list[str]()
    for before, step, after in walk(seed):
        taken.append(" ".join(map(str, step)))
        try:
            replay.do(before, step)
            replay.compare(after)
            refuse(replay, after, Random(len(taken)))
            replay.compare(after)
        except AssertionError as error:
            error.add_note("after\n  " + "\n  ".join(taken))
            raise


def refuse(replay: Replay, state: State, random: Random) -> None:
    """Try some of what is not possible now: nothing must come of it."""
    possible = {step for step, _ in RULES.steps(state)}
    for number, job in enumerate(state.jobs):
        if job.lock:
            # Whoever tries, waits.
            continue
        reports = [(claim, out) for claim in range(1, job.attempts + 1) for out in OUTCOMES]
        late = [each for each in reports if ("report", number, *each) not in possible]
        for claim, outcome in random.sample(late, min(2, len(late))):
            assert replay.report(number, claim, outcome) is None
        worker = random.randrange(len(state.workers))
        if ("claim", worker, number) not in possible:
            assert replay.claim(state, worker, number) == []
    if not any(step[0] == "rescue" for step in possible):
        assert replay.rescue() == []


WAYS = {
    ("claim", "pending", "running"),
    ("complete", "running", "completed"),
    *(("error", "running", status) for status in ("pending", "failed", "cancelled")),
    *(("released", "running", status) for status in ("pending", "cancelled")),
    *(("failed", "running", status) for status in ("failed", "cancelled")),
    ("cancelled", "running", "cancelled"),
    *(("rescue", "running", status) for status in ("pending", "failed", "cancelled")),
    ("cancel", "pending", "cancelled"),
    *(("retry", status, "pending") for status in ("completed", "failed", "cancelled")),
}


def test_the_walks_come_by_everything() -> None:
    """Each kind of step is on them, and each way in which a job can change."""
    steps, changes = Counter[str](), Counter[tuple[str, str, str]]()
    for seed in range(WALKS):
        for before, step, after in walk(seed):
            steps[str(step[0])] += 1
            for old, new in zip(before.jobs, after.jobs, strict=True):
                if old.status != new.status:
                    how = old.lock[0] if step[0] == "commit" and old.lock else step[0]
                    changes[str(how), old.status, new.status] += 1
    assert min(steps[kind] for kind in WEIGHTS) > 9
    for how, old, new in WAYS:
        assert changes[how, old, new] > 0, (how, old, new)
    assert len(changes) == len(WAYS)
