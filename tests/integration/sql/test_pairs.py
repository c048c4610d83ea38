"""The complete matrix of pairs of operations, the second one during the first one's transaction.

See `pairs` for what must come of each.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from integration.sql.overlap import Overlap
from integration.sql.pairs import NINE, OPERATIONS, Pair, pairs
from integration.sql.play import LATER, NOTHING, Play
from integration.sql.scene import Scene
from model.rows import Rows

pytestmark = pytest.mark.any_postgres


@pytest.mark.parametrize("committed", [True, False], ids=["commit", "rollback"])
@pytest.mark.parametrize("pair", pairs(), ids=str)
def test_two_operations_at_once(connect: Callable[[], Scene], pair: Pair, committed: bool) -> None:
    first, second, watcher = connect(), connect(), connect()
    play = Play(watcher, pair.start)

    first.connection.execute("begin")
    first_answer = play.do(first, pair.first)
    overlap = Overlap(first, second, watcher, lambda: play.do(second, pair.second))
    first.connection.execute("commit" if committed else "rollback")
    second_answer = overlap.answer()

    assert overlap.waited == (pair.meeting == "waits")
    assert first_answer == play.peek(pair.first)
    expected = {name: play.expect(name) for name in pair.order(committed=committed)}
    if pair.meeting == "skips":
        assert second_answer == NOTHING[pair.second]
    else:
        assert second_answer == expected[pair.second]
    if pair.meeting == "passes" and committed:
        assert first_answer == expected[pair.first]
    play.catch_up()
    rows = Rows(watcher.connection)
    play.assert_same(rows)
    rows.check()
    assert_nothing_is_stuck(watcher)


def assert_nothing_is_stuck(scene: Scene) -> None:
    """Whoever holds a job is alive, or is found dead and loses it."""
    scene.set_ahead(2 * LATER)
    scene.rescue()
    rows = Rows(scene.connection)
    rows.check()
    dead = {id for id, worker in rows.workers.items() if worker.death}
    assert all(rows.workers[id].swept for id in dead)
    assert [job for job in rows.jobs if job.status == "running" and job.worker in dead] == []


def test_the_matrix_is_complete() -> None:
    assert {(pair.first, pair.second) for pair in pairs()} == set(product(OPERATIONS, repeat=2))
    assert set(product(NINE, repeat=2)) <= {(pair.first, pair.second) for pair in pairs()}
    assert len(set(map(str, pairs()))) == len(pairs())
